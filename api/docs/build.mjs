// Puts the viewer of the API's description into a directory, as the program serves it: files named by their content, each
// also compressed. node build.mjs DIRECTORY
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const viewer = join(here, 'node_modules', 'swagger-ui-dist');
const assets = [[viewer, 'swagger-ui-bundle.js'], [viewer, 'swagger-ui.css'], [viewer, 'favicon-32x32.png'], [here, 'viewer.js']];
// Theirs go along with them, under their own names.
const licences = [['LICENSE', 'LICENSE.txt'], ['NOTICE', 'NOTICE.txt'],
  ['swagger-ui-bundle.js.LICENSE.txt', 'swagger-ui-bundle.js.LICENSE.txt']];

const target = process.argv[2];
const draft = `${target}.new`;
const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };

function write(name, content) {
  writeFileSync(join(draft, name), content);
  if (extname(name) === '.png') return;
  writeFileSync(join(draft, `${name}.gz`), gzipSync(content, { level: 9 }));
  writeFileSync(join(draft, `${name}.br`), brotliCompressSync(content, brotli));
}

// The maps of the bundles are not served.
const withoutMap = (text) => text.replace(/\n?(\/\/|\/\*)# sourceMappingURL=.*$/m, '');

function hashed(directory, name) {
  const content = readFileSync(join(directory, name));
  const body = extname(name) === '.png' ? content : Buffer.from(withoutMap(content.toString()));
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 16);
  const path = name.replace(/\.\w+$/, `.${hash}$&`);
  write(path, body);
  return path;
}

rmSync(draft, { recursive: true, force: true });
mkdirSync(draft, { recursive: true });
let page = readFileSync(join(here, 'index.html'), 'utf8');
for (const [directory, name] of assets) page = page.replace(`/docs/${name}`, `/docs/${hashed(directory, name)}`);
write('index.html', page);
for (const [from, to] of licences) write(to, readFileSync(join(viewer, from)));
rmSync(target, { recursive: true, force: true });
renameSync(draft, target);
