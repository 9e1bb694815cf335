// Prometheus' text format 0.0.4, read strictly: what is not of the format is an error.
const name = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const help = new RegExp(`^# HELP (${name}) .+$`);
const type = new RegExp(`^# TYPE (${name}) (counter|gauge|histogram)$`);
const sample = new RegExp(`^(${name})(?:\\{(.*)\\})? (\\S+)$`);
const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/gy;

const labelsOf = (text = '') => {
  label.lastIndex = 0;
  const labels = Object.fromEntries([...text.matchAll(label)].map(([, key, value]) => [key, value]));
  const written = Object.entries(labels).map(([key, value]) => `${key}="${value}"`).join(',');
  if (written !== text) throw new Error(`labels: ${text}`);
  return labels;
};

export function parseExposition(text) {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map();
  let family;
  for (const line of text.slice(0, -1).split('\n')) {
    const [, described] = line.match(help) ?? [];
    const [, typed, kind] = line.match(type) ?? [];
    const [, sampled, labels, value] = line.match(sample) ?? [];
    if (described) {
      if (families.has(described)) throw new Error(`${described} comes twice`);
      families.set(described, family = { name: described, samples: [] });
    } else if (typed === family?.name && kind) {
      family.kind = kind;
    } else if (sampled && sampled.replace(/_(bucket|sum|count)$/, '') === family.name.replace(/_(count|sum)$/, '')) {
      family.samples.push({ name: sampled, labels: labelsOf(labels), value: Number(value.replace('Inf', 'Infinity')) });
    } else {
      throw new Error(`not of the format: ${line}`);
    }
  }
  return families;
}

export const samplesOf = (families) => [...families.values()].flatMap(({ samples }) => samples);

// The value of the one sample that has these labels; 0 when there is none yet.
export function valueOf(families, wanted, labels = {}) {
  const found = samplesOf(families).filter(({ name: of, labels: has }) => of === wanted
    && Object.entries(labels).every(([key, value]) => has[key] === value));
  return found.reduce((sum, { value }) => sum + value, 0);
}
