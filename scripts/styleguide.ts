// Shows every page with invented data at https://localhost:8499: `node scripts/styleguide.ts`. For eyes; the program never serves this.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GALLERY, galleryServer } from '../tests/http/gallery-server.ts';

const server = await galleryServer(join(tmpdir(), 'wardkeep-styleguide'), 8499);
await server.start();
console.log(GALLERY.map((name) => `${server.info.uri}/${name}`).join('\n'));
