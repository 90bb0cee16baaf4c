// Why an archive, or one file in it, is not read. Static sentences: names of files may hold names of patients.

const REASONS = {
  'zip.unreadable': 'The file is not a ZIP archive, or it is damaged.',
  'zip.too_many_entries': 'The archive holds more files than may be read.',
  'zip.overlap': 'Files in the archive overlap, as only a ZIP bomb does.',
  'zip.too_large': 'The archive unpacks to more than may be read.',
  'zip.entry_too_large': 'The file in the archive is larger than may be read.',
  'zip.ratio': 'The file in the archive is compressed beyond what documents are.',
  'zip.path': 'The name of the file in the archive points outside it.',
  'zip.symlink': 'The entry in the archive is a link or a device, not a file.',
  'zip.encrypted': 'The file in the archive is encrypted.',
  'zip.method': 'The file in the archive uses a compression that is not read.',
  'zip.corrupt': 'The file in the archive is damaged: its size or checksum is wrong.',
  'zip.nested': 'Archives within an archive are read one level deep.'
} as const;

export type ArchiveRefusalCode = keyof typeof REASONS;

export class ArchiveRefusal extends Error {
  readonly code: ArchiveRefusalCode;
  readonly reason: string;

  constructor(code: ArchiveRefusalCode, options: { cause?: unknown } = {}) {
    super(REASONS[code], options);
    this.name = 'ArchiveRefusal';
    this.code = code;
    this.reason = REASONS[code];
  }
}
