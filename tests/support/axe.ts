import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { CDPSession, Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const OPTIONS = {
  preload: { assets: ['media'] }, // style sheets would be for a rule that is not among these
  resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
};
const RUN = `axe.run(${JSON.stringify(OPTIONS)}).then(({ violations }) => violations.map(({ impact, id, nodes }) => impact + ' ' + id + ': ' + nodes[0].html.slice(0, 200)))`;

/** A page's sessions stay: the end of one takes a virtual authenticator away that another has put there. */
const sessions = new WeakMap<Page, CDPSession>();

/**
 * What of WCAG 2.2 A and AA, as far as axe-core can tell, the page breaks as it looks now: impact, rule and the first element of each. Goes in by
 * the protocol, since the pages' policy allows no foreign script, and once into a page that is looked at again.
 */
export async function axeFindings(page: Page): Promise<readonly string[]> {
  const devtools = sessions.get(page) ?? (await page.context().newCDPSession(page));
  sessions.set(page, devtools);
  const evaluate = async (expression: string): Promise<unknown> => {
    const { result, exceptionDetails } = await devtools.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails !== undefined) throw new Error(`axe-core failed: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
    return result.value;
  };
  if ((await evaluate('typeof axe')) !== 'object') await evaluate(`${AXE}; true`);
  return (await evaluate(RUN)) as readonly string[];
}
