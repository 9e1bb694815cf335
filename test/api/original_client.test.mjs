// The original client's whole flow, for each kind of user: paths, fields, types, numbers.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { userTypes } from './support/api.mjs';
import { metricsOf } from './support/dashboards.mjs';
import { OriginalClient } from './support/original_client.mjs';
import { complete, scored } from './support/scores.mjs';
import { sharedInstance } from './support/service.mjs';
import {
  assertShape, between, boolean, exactly, jwt, list, listOf, mapOf, nothing, number, object, string, time, uuid,
} from './support/shapes.mjs';
import { newAccount, newUser } from './support/users.mjs';

const instance = sharedInstance();
const day = 86_400_000;

const login = (userType) => ({
  userId: uuid, userType: exactly(userType), organizationId: uuid, token: jwt, refreshToken: nothing,
  expiresIn: exactly(86_400),
});

const metric = (userType) => ({
  metric_id: uuid, dashboard_type: exactly(userType), metric_name: string, metric_value: mapOf(number),
  metric_timestamp: time, is_synthetic: boolean, created_at: time,
});

const emptyProfile = {
  total_tokens: exactly(0), lifetime_tokens: exactly(0), tokens_spent: exactly(0), current_streak: exactly(0),
  longest_streak: exactly(0), week_number: between(1, 53), actions_this_week: exactly(0), tokens_this_week: exactly(0),
  achievements: exactly([]),
};

const isDescending = (times) => times.every((at, i) => i === 0 || Date.parse(times[i - 1]) > Date.parse(at));

for (const userType of userTypes) {
  test(`the original flow as ${userType}`, async (t) => {
    const client = new OriginalClient({ apiEndpoint: instance.url });
    const { email, password } = newAccount();
    let startupId;
    let generated;

    await t.test('registers', async () => {
      const data = await client.register(email, password, userType, { firstName: 'Ada', companyName: 'Engines' });
      assert.equal(client.status, 201);
      assertShape(data, login(userType));
      startupId = data.organizationId;
    });

    await t.test('logs in', async () => {
      const registered = client.userId;
      const data = await client.login(email, password);
      assert.equal(client.status, 200);
      assertShape(data, login(userType));
      assert.equal(data.userId, registered);
    });

    await t.test('has no metrics at first', async () => {
      const { success, data } = await client.getDashboardMetrics();
      assert.equal(success, true);
      assertShape(data, {
        metrics: exactly([]), count: exactly(0), dashboardType: exactly(userType), timeRange: exactly('30 days'),
        includeSynthetic: exactly(true),
      });
    });

    await t.test('generates 50 points', async () => {
      const { success, data } = await client.generateSyntheticData({ count: 50, trend: 'improving' });
      assert.equal(client.status, 201);
      assert.equal(success, true);
      assertShape(data, { generated: exactly(50), sessionId: uuid, preview: list, config: {
        user_type: exactly(userType), data_type: exactly('metrics'), count: exactly(50), time_range_days: exactly(30),
        variance: exactly(0.2), trend: exactly('improving'), seed: number,
      } });
      assert.equal(data.preview.length, 3);
      generated = data;
    });

    await t.test('reads the 50 points, newest first', async () => {
      const { data } = await client.getDashboardMetrics();
      assert.equal(client.status, 200);
      assert.equal(data.count, 50);
      assertShape(data.metrics, listOf(metric(userType)));
      assert.equal(data.metrics.length, 50);
      assert.ok(isDescending(data.metrics.map((m) => m.metric_timestamp)));
      assert.equal(new Set(data.metrics.map((m) => m.metric_id)).size, 50);
      for (const m of data.metrics) {
        assert.equal(m.is_synthetic, true);
        assert.equal(typeof m.synthetic_algorithm, 'string');
        assert.deepEqual(Object.keys(m.metric_value).sort(), [...metricsOf[userType]].sort());
      }
      const span = Date.parse(data.metrics[0].metric_timestamp) - Date.parse(data.metrics[49].metric_timestamp);
      assert.ok(span > 28 * day && span <= 30 * day, `the points span ${span / day} days`);
    });

    await t.test('saw the first three of them in the preview', async () => {
      const { data } = await client.getDashboardMetrics();
      const seen = generated.preview.map((p) => [p.metric_id, p.metrics, p.metric_timestamp, p.dashboard_type]);
      const stored = data.metrics.slice(-3).reverse()
        .map((m) => [m.metric_id, m.metric_value, m.metric_timestamp, m.dashboard_type]);
      assert.deepEqual(seen, stored);
    });

    await t.test('stores metrics of its own and reads them apart', async () => {
      const metrics = [1, 2].map((hours) => ({
        dashboard_type: userType, metric_timestamp: new Date(Date.now() - hours * 3_600_000).toISOString(),
        metrics: { hours, share: hours / 4 },
      }));
      assert.deepEqual(await client.createDashboardMetrics(metrics), {
        success: true, message: 'Inserted 2 metrics', data: { inserted: 2 },
      });
      assert.equal(client.status, 201);
      const { data } = await client.getDashboardMetrics({ days: 7, includeSynthetic: false });
      assertShape(data, { count: exactly(2), timeRange: exactly('7 days'), includeSynthetic: exactly(false) });
      assert.deepEqual(data.metrics.map((m) => m.metric_value), metrics.map((m) => m.metrics));
      assert.deepEqual(data.metrics.map((m) => Date.parse(m.metric_timestamp)),
        metrics.map((m) => Date.parse(m.metric_timestamp)));
      assert.deepEqual(data.metrics.map((m) => [m.is_synthetic, m.synthetic_algorithm]), Array(2).fill([false, null]));
    });

    await t.test('lists the templates of its kind', async () => {
      const { data } = await client.getSyntheticTemplates();
      assert.equal(data.count, 1);
      assertShape(data.templates, listOf({
        template_id: uuid, template_name: string, template_type: string, user_type: exactly(userType),
        description: string, sample_data: mapOf(number), usage_count: between(1, 1e9),
      }));
      assert.deepEqual(Object.keys(data.templates[0].sample_data).sort(), [...metricsOf[userType]].sort());
    });

    if (userType === 'startup_founder') {
      await t.test('scores its startup', async () => {
        const { data } = await client.calculateSSEScore(startupId, complete.responses);
        assert.equal(client.status, 201);
        assertShape(data, {
          scoreId: uuid, totalScore: exactly(63), breakdown: exactly(complete.breakdown), percentile: between(1, 99),
          successProbability: exactly(complete.successProbability), timestamp: time, version: exactly(1),
          status: exactly('scored'), confidence: exactly(complete.confidence), band: exactly(complete.band),
          coverage: exactly(1), cohort: object, explanation: object,
        });
      });

      await t.test('reads the score again', async () => {
        const { data } = await client.getSSEScore(startupId);
        assertShape(data, {
          currentScore: exactly(63), breakdown: exactly(complete.breakdown), version: exactly(1), createdAt: time,
          isSynthetic: exactly(false),
        });
      });
    } else {
      await t.test('is told that it is no startup', async () => {
        await assert.rejects(client.calculateSSEScore(startupId, complete.responses), {
          message: 'invalid request: startupId: this organization is not a startup',
        });
        assert.equal(client.status, 422);
        await assert.rejects(client.getSSEScore(startupId), { message: 'SSE score not found' });
        assert.equal(client.status, 404);
      });
    }

    await t.test('has an empty profile before the first action', async () => {
      const { data } = await client.getGamificationProfile();
      assertShape(data, { user_id: exactly(client.userId), ...emptyProfile });
    });

    await t.test('is paid for an action what the server says, not what it asks', async () => {
      const { data } = await client.completeAction('customer_interview', 'market', 5_000, { note: 'first' });
      assert.equal(client.status, 201);
      assertShape(data, {
        actionId: uuid, tokensAwarded: exactly(20), baseTokens: exactly(20), multipliers: mapOf(exactly(1)),
        warnings: exactly(['baseTokens is ignored: this action is worth 20']),
      });
    });

    await t.test('sees the tokens in its profile', async () => {
      const { data } = await client.getGamificationProfile();
      const today = new Date().toISOString().slice(0, 10);
      assertShape(data, {
        user_id: exactly(client.userId), total_tokens: exactly(20), lifetime_tokens: exactly(20),
        tokens_spent: exactly(0), current_streak: exactly(1), longest_streak: exactly(1), week_number: between(1, 53),
        actions_this_week: exactly(1), tokens_this_week: exactly(20), achievements: exactly([]),
        last_action_date: exactly(today),
      });
    });

    await t.test('sees that the service is healthy', async () => {
      const health = await client.healthCheck();
      assert.equal(client.status, 200);
      assertShape(health, {
        status: exactly('healthy'), timestamp: time, database: exactly('connected'), version: string,
        checks: mapOf(string),
      });
      assert.deepEqual(Object.keys(health.checks).sort(),
        ['data_volume', 'database', 'jobs', 'ledger', 'recent_activity', 'synthetic_data']);
      assert.equal(health.checks.data_volume, 'ok');
      assert.equal(health.checks.recent_activity, 'ok');
    });

    await t.test('shows the reason of a refusal', async () => {
      await assert.rejects(client.login(email, 'wrong password'), { message: 'Invalid credentials' });
      await assert.rejects(client.completeAction('customer_interview'), { message: 'Missing required field: domain' });
      assert.equal(client.status, 400);
    });
  });
}

describe('scores worked out by hand', () => {
  for (const [name, fields, expected] of scored) {
    test(name, async () => {
      const { api, organizationId } = await newUser(instance);
      const { status, body, text } = await api.post('/api/sse/calculate', { startupId: organizationId, ...fields });
      assert.equal(status, 201, text);
      const seen = Object.fromEntries(Object.keys(expected).map((key) => [key, body.data[key]]));
      assert.deepEqual(seen, expected);
    });
  }

  test('the first version of percentile and probability, when asked for', async () => {
    const { api, organizationId } = await newUser(instance);
    const { body } = await api.post('/api/sse/calculate', {
      startupId: organizationId, responses: complete.responses, percentileBasis: 'formula_v1',
      probabilityBasis: 'formula_v1',
    });
    assert.equal(body.data.percentile, complete.original.percentile);
    assert.equal(body.data.successProbability, complete.original.successProbability);
  });

  test('each calculation is the next version, and the last one is read', async () => {
    const { api, organizationId: startupId } = await newUser(instance);
    for (const [version, score] of [[1, 0.5], [2, 0.25], [3, 1]]) {
      const { body } = await api.post('/api/sse/calculate', { startupId, responses: { team: { q1: score } } });
      assert.equal(body.data.version, version);
    }
    const { body } = await api.get(`/api/sse/score/${startupId}`);
    assert.deepEqual([body.data.version, body.data.currentScore, body.data.status], [3, 100, 'provisional']);
  });
});

describe('synthetic data', () => {
  test('the same configuration gives the same points in place, another seed gives others', async () => {
    const { api } = await newUser(instance, 'government');
    const asOf = new Date(new Date().setUTCHours(0, 0, 0, 0)).toISOString();
    const generate = async (seed) => (await api.post('/api/synthetic/generate', { count: 40, seed, asOf })).body.data;
    const stored = async () => (await api.get('/api/dashboard/metrics')).body.data.metrics;
    const first = await generate(7);
    const points = await stored();
    const again = await generate(7);
    assert.deepEqual([first.inserted, again.inserted], [40, 0]);
    assert.deepEqual(again.preview, first.preview);
    assert.deepEqual(await stored(), points);
    assert.equal(points.length, 40);
    const other = await generate(8);
    assert.equal((await stored()).length, 80);
    assert.notDeepEqual(other.preview.map((p) => p.metrics), first.preview.map((p) => p.metrics));
  });

  test('the seed that was drawn is told, and gives the same data again', async () => {
    const { api } = await newUser(instance);
    const { config, preview } = (await api.post('/api/synthetic/generate', { count: 5 })).body.data;
    const { body } = await api.post('/api/synthetic/generate', { count: 5, seed: config.seed, asOf: config.as_of });
    assert.deepEqual(body.data.preview, preview);
    assert.equal((await api.get('/api/dashboard/metrics')).body.data.count, 5);
  });

  test('defaults: own kind, 30 points over 30 days, stable', async () => {
    const { api } = await newUser(instance, 'esg_funder');
    const { status, body } = await api.send('POST', '/api/synthetic/generate');
    assert.equal(status, 201);
    assertShape(body.data, { generated: exactly(30), config: {
      user_type: exactly('esg_funder'), time_range_days: exactly(30), variance: exactly(0.2), trend: exactly('stable'),
    } });
  });
});

describe('reading metrics', () => {
  test('days counts from the start of the day, and can be a year', async () => {
    const { api } = await newUser(instance);
    const midnight = new Date().setUTCHours(0, 0, 0, 0);
    const at = [midnight - 2 * day, midnight - 2 * day - 1, midnight - 300 * day];
    await api.post('/api/dashboard/metrics', { metrics: at.map((moment, index) => ({
      dashboard_type: 'startup_founder', metric_timestamp: new Date(moment).toISOString(), metrics: { index },
    })) });
    const seen = async (days) => (await api.get(`/api/dashboard/metrics?days=${days}`)).body.data.metrics
      .map((m) => m.metric_value.index);
    assert.deepEqual(await seen(2), [0]);
    assert.deepEqual(await seen(3), [0, 1]);
    assert.deepEqual(await seen(365), [0, 1, 2]);
  });

  test('page by page, every point once', async () => {
    const { api } = await newUser(instance);
    await api.post('/api/synthetic/generate', { count: 50 });
    const whole = (await api.get('/api/dashboard/metrics')).body.data.metrics.map((m) => m.metric_id);
    const paged = [];
    for (let cursor = ''; cursor !== null;) {
      const { body } = await api.get(`/api/dashboard/metrics?limit=20${cursor && `&cursor=${cursor}`}`);
      paged.push(...body.data.metrics.map((m) => m.metric_id));
      cursor = body.data.nextCursor;
    }
    assert.deepEqual(paged, whole);
  });

  test('only points that have the metric asked for', async () => {
    const { api } = await newUser(instance);
    await api.post('/api/dashboard/metrics', { metrics: [{ a: 1 }, { b: 2 }, { a: 3, b: 4 }].map((metrics) => ({
      dashboard_type: 'startup_founder', metric_timestamp: new Date().toISOString(), metrics,
    })) });
    const { body } = await api.get('/api/dashboard/metrics?metric=a');
    assert.deepEqual(body.data.metrics.map((m) => m.metric_value.a).sort(), [1, 3]);
  });

  test('digits are kept as they were sent', async () => {
    const { api } = await newUser(instance);
    await api.send('POST', '/api/dashboard/metrics', { body: `{"metrics": [{"dashboard_type": "startup_founder",
      "metric_timestamp": "${new Date().toISOString()}", "metrics": {"x": 123456789012345678.25}}]}` });
    const { text } = await api.get('/api/dashboard/metrics');
    assert.match(text, /"x": ?123456789012345678\.25\b/);
  });
});
