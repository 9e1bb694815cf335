// What a process holds, as the kernel says it.
import { readFileSync, readdirSync } from 'node:fs';

export const descriptorsOf = ({ pid }) => readdirSync(`/proc/${pid}/fd`).length;

// In kilobytes.
export const memoryOf = ({ pid }) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]);

// Seconds of the processor so far; a tick is 10 ms.
export function cpuOf({ pid }) {
  const [, fields] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user, system] = fields.split(' ').slice(11, 13).map(Number);
  return (user + system) / 100;
}
