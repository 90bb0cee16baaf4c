import Joi from 'joi';

/** IANA zones as this Node knows them; those of the United States first, since most practices are there. */
const FIRST = ['America/New_York', 'America/Chicago', 'America/Denver', 'America/Phoenix', 'America/Los_Angeles', 'America/Anchorage', 'Pacific/Honolulu', 'America/Puerto_Rico'];
const ALL = [...new Set([...FIRST, 'UTC', ...Intl.supportedValuesOf('timeZone')])];

export const TIME_ZONE_OPTIONS: readonly { value: string; label: string }[] = ALL.map((value) => ({ value, label: value.replaceAll('_', ' ') }));

export const timeZone = Joi.string().custom((value: string, { message }) => (ALL.includes(value) ? value : message({ custom: 'Choose a time zone from the list.' })));
