-- A spreadsheet without a heading row has a patient where its headings should be, so headings are no names of columns that may stand in the
-- clear; the page makes its guess anew.
alter table app.import_sources drop column mapping;
