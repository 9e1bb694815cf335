// The service in a build that memory errors, leaks and undefined behaviour end.
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program, root } from './service.mjs';

// The build of the suite `sanitize`; in `make test-sanitize` everything is such a build.
const build = `cmake -S "$0" -B "$1" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DAUXEIRA_TESTS=ON -DAUXEIRA_SANITIZE=ON >&2
  cmake --build "$1" --parallel "$(nproc)" --target auxeira-api >&2`;

export function sanitizedProgram() {
  if (process.env.AUXEIRA_SANITIZE) return program;
  const directory = join(root, 'build/sanitize/cmake');
  const lock = join(tmpdir(), 'auxeira-build.lock');
  execFileSync('flock', ['--close', lock, 'sh', '-ec', build, root, directory], { stdio: ['ignore', 'ignore', 'pipe'] });
  return join(directory, 'auxeira-api');
}

// For its environment: reports go to its log, and end it with this code.
export const reportCode = 66;
export const sanitizerOptions =
  { ASAN_OPTIONS: `handle_sigill=1:detect_leaks=1:exitcode=${reportCode}`, LSAN_OPTIONS: `exitcode=${reportCode}` };
