import { STATUS_WORDS } from '../agreements/states.ts';
import { drawTimeline } from '../timeline/draw-timeline.ts';
import { DATA_ELEMENTS, KIND_SHORT, PHI_CLASSES } from '../vocabulary.ts';
import { LETTERS_BY_NUMBER, printable, readFont } from './printable.ts';
import { standingOf, type Register } from './read-register.ts';

const INK = '#10262a';
const SOFT = '#546a6d';
const BAD = '#9c2415';
const GOOD = '#17633a';
const MARGIN = 48;

/** The register on paper, A4: each subprocessor with its agreements, and the gaps by their days. */
export async function writePdf(register: Register, { workspace, madeBy }: { readonly workspace: string; readonly madeBy: string }): Promise<Buffer> {
  const { default: PdfDocument } = await import('pdfkit'); // here, since a program that writes no PDF can do without its 12 MB
  const pdf = new PdfDocument({ size: 'A4', margin: MARGIN, bufferPages: true, info: { Title: 'Agreement register', Author: workspace, CreationDate: new Date(`${register.today}T00:00:00Z`) } }).registerFont('regular', readFont('Regular')).registerFont('bold', readFont('Bold'));
  const done = collect(pdf);
  let isWhole = true;
  const say = (text: string, size: number, { color = INK, bold = false, gap = 2 }: { color?: string; bold?: boolean; gap?: number } = {}) => {
    const printed = printable(text);
    isWhole &&= printed === text.normalize('NFC');
    pdf.font(bold ? 'bold' : 'regular').fontSize(size).fillColor(color).text(printed, { paragraphGap: gap });
  };
  say('Agreement register', 20, { bold: true, gap: 4 });
  say(`${workspace} · ${register.today} · made by ${madeBy}`, 10, { color: SOFT, gap: 10 });
  const { gaps, summary } = drawTimeline(register);
  say(summary, 11, { gap: 8 });
  for (const { subprocessor, from, to, isOpen } of gaps) say(`${isOpen ? 'Now without agreement' : from > register.today ? 'Without agreement ahead' : 'Was without agreement'}: ${subprocessor}, ${from} to ${to ?? 'no end in sight'}`, 9, { color: BAD });
  for (const subprocessor of register.subprocessors) {
    if (pdf.y > pdf.page.height - 160) pdf.addPage();
    pdf.moveDown(0.8);
    const standing = standingOf(register, subprocessor);
    say(`${subprocessor.name}${subprocessor.is_operator ? ' (operator of this installation)' : ''}${subprocessor.in_use ? '' : ' (no longer in use)'}`, 13, { bold: true });
    say(`${subprocessor.service} · ${subprocessor.purpose} · ${subprocessor.location}`, 9, { color: SOFT });
    say(`Patient data: ${PHI_CLASSES[subprocessor.phi_class]}${subprocessor.data_elements.length === 0 ? '' : ` (${subprocessor.data_elements.map((code) => DATA_ELEMENTS[code]).join(', ')})`}. Next review ${subprocessor.next_review_on}.`, 9);
    say(standing === 'missing' ? 'No agreement in force' : standing === 'covered' ? 'Bound by an agreement in force' : 'No agreement needed', 9, { color: standing === 'missing' ? BAD : standing === 'covered' ? GOOD : SOFT, bold: true });
    for (const agreement of register.agreements.filter(({ subprocessor_id }) => subprocessor_id === subprocessor.id)) {
      const { kind, title, status, effective_on, expires_on, renewal_months, breach_notice_hours, owner_id } = agreement;
      say(`${KIND_SHORT[kind]} “${title}”: ${STATUS_WORDS[status]}, ${effective_on} to ${expires_on ?? 'no end'}${renewal_months === null ? '' : `, renews itself for ${renewal_months} months`}${breach_notice_hours === null ? '' : `, breach notice within ${breach_notice_hours} h`}. Owner ${register.names.get(owner_id) ?? ''}.`, 9);
    }
  }
  if (!isWhole) {
    pdf.moveDown(1.2);
    say(LETTERS_BY_NUMBER, 8, { color: SOFT });
  }
  const pages = pdf.bufferedPageRange().count;
  for (let page = 0; page < pages; page++) {
    pdf.switchToPage(page);
    pdf.page.margins.bottom = 0; // or the footer would begin another page
    pdf.font('regular').fontSize(8).fillColor(SOFT).text(`${page + 1} of ${pages}`, MARGIN, pdf.page.height - 32, { align: 'right', width: pdf.page.width - 2 * MARGIN });
  }
  pdf.end();
  return done;
}

function collect(pdf: PDFKit.PDFDocument): Promise<Buffer> {
  return new Promise((done, fail) => {
    const pieces: Buffer[] = [];
    pdf.on('data', (piece: Buffer) => pieces.push(piece)).once('end', () => done(Buffer.concat(pieces))).once('error', fail);
  });
}
