/** Line icons on a 24-unit grid, drawn for this program. They are decoration: the word beside an icon carries the meaning (WCAG 1.1.1). */
const ICONS: Record<string, string> = {
  alert: '<path d="M12 4 2.8 20h18.4zM12 10v4.5M12 17.3v.2"/>',
  archive: '<path d="M3.5 5h17v4h-17zM5 9v10h14V9M9.5 13h5"/>',
  audit: '<path d="M5 3.5h10l4 4v13H5zM8.5 9h5M8.5 12.5h7M8.5 16h7"/>',
  back: '<path d="M19 12H5m6-6-6 6 6 6"/>',
  calendar: '<path d="M4 5.5h16v15H4zM4 10h16M8.5 3v4M15.5 3v4"/>',
  call: '<path d="M6 3.5h3.5l1.5 4.5-2.2 1.6a12 12 0 0 0 5.6 5.6L16 13l4.5 1.5V18a2.5 2.5 0 0 1-2.5 2.5A14.5 14.5 0 0 1 3.5 6 2.5 2.5 0 0 1 6 3.5z"/>',
  check: '<path d="m4.5 12.5 5 5 10-11"/>',
  chevron: '<path d="m9 5 7 7-7 7"/>',
  clock: '<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3.5 2"/>',
  contacts: '<circle cx="9" cy="8.5" r="3.5"/><path d="M2.5 20c.6-4 3-6 6.5-6s5.9 2 6.5 6M15.5 5.3a3.5 3.5 0 0 1 0 6.4M18 14.5c2 .8 3.2 2.6 3.6 5.5"/>',
  copy: '<path d="M8.5 8.5h11v11h-11zM15.5 8.5v-4h-11v11h4"/>',
  cross: '<path d="m6 6 12 12M18 6 6 18"/>',
  device: '<path d="M3.5 5h17v11h-17zM9 20h6M12 16v4"/>',
  document: '<path d="M6 3.5h8l4.5 4.5v12.5H6zM14 3.5V8h4.5"/>',
  download: '<path d="M12 4v11m-4.5-4.5L12 15l4.5-4.5M4.5 19.5h15"/>',
  edit: '<path d="m4.5 19.5 1-4L16.5 4.5l3 3L8.5 18.5z"/>',
  eye: '<path d="M2.5 12C5 7.5 8 5.5 12 5.5s7 2 9.5 6.5c-2.5 4.5-5.5 6.5-9.5 6.5S5 16.5 2.5 12z"/><circle cx="12" cy="12" r="2.5"/>',
  filter: '<path d="M4 5.5h16l-6 7v6.5l-4-2v-4.5z"/>',
  info: '<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5.5M12 7.6v.2"/>',
  key: '<circle cx="8" cy="15.5" r="4"/><path d="m11 12.5 8.5-8.5M15.5 8l3 3"/>',
  letter: '<path d="M3.5 6h17v12.5h-17zM3.5 7l8.5 6.5L20.5 7"/>',
  lock: '<path d="M5.5 11h13v9.5h-13zM8.5 11V7.5a3.5 3.5 0 0 1 7 0V11"/>',
  logout: '<path d="M14 4.5H5v15h9M10 12h10.5m-4-4 4 4-4 4"/>',
  merge: '<path d="M6 4v4c0 4 6 3.5 6 8v4M18 4v4c0 4-6 3.5-6 8"/>',
  moon: '<path d="M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z"/>',
  more: '<path d="M5.5 12h.01M12 12h.01M18.5 12h.01"/>',
  note: '<path d="M4.5 4.5h15v10l-5 5h-10zM14.5 19.5v-5h5M8 9h8M8 12.5h4"/>',
  passkey: '<circle cx="9" cy="8" r="3.5"/><path d="M2.5 19.5c.6-4 3-6 6.5-6 1 0 1.9.2 2.7.5M17.5 11.5a2.5 2.5 0 0 1 1 4.8l-.5 4.2-1.5-1.5v-2.7a2.5 2.5 0 0 1 1-4.8z"/>',
  person: '<circle cx="12" cy="8" r="4"/><path d="M4.5 20.5c.7-4.5 3.4-6.5 7.5-6.5s6.8 2 7.5 6.5"/>',
  plus: '<path d="M12 5v14M5 12h14"/>',
  search: '<circle cx="10.5" cy="10.5" r="6"/><path d="m15 15 5.5 5.5"/>',
  settings: '<path d="M4 7h9M17 7h3M4 17h3M11 17h9"/><circle cx="15" cy="7" r="2"/><circle cx="9" cy="17" r="2"/>',
  share: '<circle cx="6.5" cy="12" r="2.5"/><circle cx="17.5" cy="6" r="2.5"/><circle cx="17.5" cy="18" r="2.5"/><path d="m8.7 10.8 6.6-3.6M8.7 13.2l6.6 3.6"/>',
  sun: '<circle cx="12" cy="12" r="4"/><path d="M12 2.5v3M12 18.5v3M2.5 12h3M18.5 12h3M5.3 5.3l2.1 2.1M16.6 16.6l2.1 2.1M18.7 5.3l-2.1 2.1M7.4 16.6l-2.1 2.1"/>',
  task: '<path d="M4.5 4.5h15v15h-15z"/><path d="m8 12 3 3 5.5-6"/>',
  trust: '<path d="M12 3 4.5 6v6c0 4.5 3 7.5 7.5 9 4.5-1.5 7.5-4.5 7.5-9V6z"/><path d="m8.5 12 2.5 2.5L15.5 10"/>',
  upload: '<path d="M12 16V5m-4.5 4.5L12 5l4.5 4.5M4.5 19.5h15"/>',
};

/** Inline SVG markup of one icon. An unknown name is a fault of the template and throws. */
export function iconMarkup(name: string): string {
  const shape = ICONS[name];
  if (!shape) throw new Error(`No icon is called "${name}"; the ones there are: ${Object.keys(ICONS).join(', ')}.`);
  return `<svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" focusable="false">${shape}</svg>`;
}

export const ICON_NAMES = Object.keys(ICONS);
