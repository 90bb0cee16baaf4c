// Files that travel with documents and are none: the parts of an XDM package (IHE ITI TF-2 3.32.4.1.2), stylesheets, what desktops leave behind.

const COMPANION = /(?:^|\/)(?:__MACOSX\/.*|\.[^/]*|Thumbs\.db|desktop\.ini|INDEX\.HTML?|README(?:\.TXT)?|METADATA\.XML|.*\.(?:xsl|xslt|css|js|xsd|png|jpe?g|gif))$/i;

/** Whether a file of an archive is passed over rather than read, by its name. */
export const isCompanionFile = (name: string): boolean => COMPANION.test(name);
