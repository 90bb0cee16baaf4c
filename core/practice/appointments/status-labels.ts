/** What pages call the statuses of an appointment, and in which tone. */
export const STATUS_LABELS: Readonly<Record<string, string>> = { booked: 'booked', arrived: 'arrived', fulfilled: 'done', cancelled: 'cancelled', noshow: 'did not come' };
export const STATUS_TONES: Readonly<Record<string, string>> = { booked: 'calm', arrived: 'good', fulfilled: 'good', cancelled: '', noshow: 'warn' };
