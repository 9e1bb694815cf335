// Scores worked out by hand, for startups of no known stage and industry whose answers are all their own.

export const complete = {
  responses: {
    team: { q1: 0.8, q2: 0.6, q3: 1.0 },
    market: { q1: 0.7, q2: 0.5 },
    product: { q1: 0.9, q2: 0.9, q3: 0.6 },
    business: { q1: 0.5, q2: 0.4 },
    financial: { q1: 0.3, q2: 0.7 },
    traction: { q1: 0.2, q2: 0.4 },
  },
  totalScore: 63,
  breakdown: { team: 20, market: 12, product: 16, business: 6.8, financial: 5, traction: 3 },
  percentile: 69.7, // of the reference distribution; a cohort would move it
  successProbability: 0.205,
  confidence: 0.88,
  band: 2.4,
  original: { percentile: 75, successProbability: 0.504 },
};

const times = (factor) => Object.fromEntries(Object.entries(complete.responses).map(([component, answers]) => [
  component, Object.fromEntries(Object.entries(answers).map(([question, value]) => [question, value * factor]))]));

const every = (value) =>
  Object.fromEntries(Object.keys(complete.responses).map((component) => [component, { q1: value }]));

const some = (...components) => Object.fromEntries(components.map((name) => [name, complete.responses[name]]));

// The whole request beyond startupId, and what the answer must hold.
export const scored = [
  ['the sample', { responses: complete.responses }, {
    totalScore: 63, breakdown: complete.breakdown, status: 'scored' }],
  ['all ones', { responses: every(1) }, {
    totalScore: 100, breakdown: { team: 25, market: 20, product: 20, business: 15, financial: 10, traction: 10 } }],
  ['all zeros', { responses: every(0) }, {
    totalScore: 0, breakdown: { team: 0, market: 0, product: 0, business: 0, financial: 0, traction: 0 } }],
  ['a tie, which goes to the even number', { responses: every(0.625) }, {
    totalScore: 62,
    breakdown: { team: 15.6, market: 12.5, product: 12.5, business: 9.4, financial: 6.2, traction: 6.2 } }],
  ['two components missing', { responses: some('team', 'market', 'product', 'business') }, {
    totalScore: 68, breakdown: { team: 25, market: 15, product: 20, business: 8.4 }, confidence: 0.787, band: 4.3 }],
  ['two missing, counted as zero', {
    responses: some('team', 'market', 'product', 'business'), missingPolicy: 'zero' }, {
    totalScore: 55, breakdown: { team: 20, market: 12, product: 16, business: 6.8 } }],
  ['one component only', { responses: { team: { q1: 0.9, q2: 0.9 } } }, { totalScore: 90, status: 'provisional' }],
  ['five-point answers', { responses: times(5), scale: 'likert5' }, { totalScore: 63, breakdown: complete.breakdown }],
  ['percentages', { responses: times(100), scale: 'percent' }, { totalScore: 63, breakdown: complete.breakdown }],
];
