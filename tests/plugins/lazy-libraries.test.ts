import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';

/**
 * Starting the program loads no library that only some act needs: writing a PDF, a sign-in by OpenID Connect or SAML, a certificate, reading a
 * document. They are some 25 MB of memory and a tenth of a second between them, in every process and every start. An import of node:http loads fetch and
 * WebSocket with it, as it reads all that the module exports; what hapi requires of it does not.
 */
const ROOT = new URL('../../', import.meta.url);
const LATE = ['pdfkit', '@node-saml/node-saml', 'openid-client', 'node-forge', 'nodemailer', 'otplib', '@simplewebauthn/server', '@zxcvbn-ts/language-common', 'yazl', 'bcrypt', 'node:http', './read-document.ts'];

/** In a process of its own, which of the libraries our own modules have asked for: once everything is imported, and once a PDF is to be written as well. */
async function askedFor(): Promise<{ plugins: number; atStart: string[]; afterPdf: string[] }> {
  const script = `
    const { registerHooks } = await import('node:module');
    process.argv.push('core/main.ts', 'help');
    const seen = new Set();
    registerHooks({ resolve(specifier, context, next) { if (!context.parentURL?.includes('/node_modules/')) seen.add(specifier); return next(specifier, context); } });
    const late = () => [...seen].filter((each) => ${JSON.stringify(LATE)}.some((name) => each === name || each.startsWith(name + '/')));
    const plugins = Object.keys(await import('./plugins/list.ts')).length;
    await import('./core/serve.ts');
    await import('./core/main.ts');
    const atStart = late();
    await import('pdfkit');
    process.exitCode = 0;
    process.stderr.write(JSON.stringify({ plugins, atStart, afterPdf: late() }));`;
  const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { cwd: fileURLToPath(ROOT) });
  return JSON.parse(stderr) as { plugins: number; atStart: string[]; afterPdf: string[] };
}

t.test('starting the program loads none of them, and the look would see one', async (t) => {
  const { plugins, ...asked } = await askedFor();
  t.ok(plugins > 0, 'there are plugins that could');
  t.same(asked, { atStart: [], afterPdf: ['pdfkit'] });
});
