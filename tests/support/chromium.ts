import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';
import type { Test } from 'tap';

/** Where Debian puts it; playwright-core brings no browser of its own. */
const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** No window to draw, and no time spent on optimizing scripts: what V8 makes of them is gone with the page, after a moment. */
const ARGS = ['--disable-gpu', '--js-flags=--no-maglev,--no-opt'];

/** A browser until the test ends, or null, said aloud, on a machine without one. Under CI its absence is a failure. */
export async function openChromium(t: Pick<Test, 'teardown' | 'pass' | 'fail'>): Promise<Browser | null> {
  const executablePath = PATHS.find((path) => existsSync(path));
  if (executablePath === undefined) {
    if (process.env['CI'] === 'true') t.fail('Chromium is needed and not there');
    else t.pass('in Chromium', { skip: 'no Chromium on this machine' });
    return null;
  }
  const browser = await chromium.launch({ executablePath, args: [...ARGS, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])] });
  t.teardown(() => browser.close());
  return browser;
}
