// What a process holds, as the kernel says it.
import { readFileSync, readdirSync } from 'node:fs';

export const descriptorsOf = ({ pid }) => readdirSync(`/proc/${pid}/fd`).length;

// In kilobytes.
export const memoryOf = ({ pid }) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]);
