// What the original JavaScript client does with the service, member for member: same paths, same bodies, same
// reading of answers. Dashboards written against it must keep working, so this file does not follow the service.

export class OriginalClient {
  constructor({ apiEndpoint }) {
    this.apiEndpoint = apiEndpoint;
    this.headers = { 'Content-Type': 'application/json' };
  }

  // A body goes with POST and PUT only; the Content-Type always; a failure is an Error with the answer's `error`.
  async request(endpoint, method = 'GET', data = null) {
    const options = { method, headers: { ...this.headers } };
    if (this.token) options.headers.Authorization = `Bearer ${this.token}`;
    if (data && (method === 'POST' || method === 'PUT')) options.body = JSON.stringify(data);
    const response = await fetch(`${this.apiEndpoint}${endpoint}`, options);
    const responseData = await response.json();
    this.status = response.status;
    if (!response.ok) throw new Error(responseData.error || `HTTP ${response.status}`);
    return responseData;
  }

  async enter(endpoint, data) {
    const response = await this.request(endpoint, 'POST', data);
    const { token, userType, userId } = response.data;
    Object.assign(this, { token, userType, userId });
    return response.data;
  }

  register(email, password, userType, profile = {}) {
    return this.enter('/api/auth/register', { email, password, userType, profile });
  }

  login(email, password) {
    return this.enter('/api/auth/login', { email, password });
  }

  getDashboardMetrics({ type = this.userType, days = 30, includeSynthetic = true } = {}) {
    const parameters = new URLSearchParams({
      type, days: days.toString(), includeSynthetic: includeSynthetic.toString() });
    return this.request(`/api/dashboard/metrics?${parameters}`);
  }

  createDashboardMetrics(metrics) {
    return this.request('/api/dashboard/metrics', 'POST', { metrics });
  }

  generateSyntheticData({ userType = this.userType, dataType = 'metrics', count = 30, timeRangeDays = 30,
    variance = 0.2, trend = 'stable' } = {}) {
    return this.request('/api/synthetic/generate', 'POST', {
      userType, dataType, count, timeRangeDays, variance, trend });
  }

  getSyntheticTemplates() {
    return this.request('/api/synthetic/templates');
  }

  calculateSSEScore(startupId, responses, isSynthetic = false) {
    return this.request('/api/sse/calculate', 'POST', { startupId, responses, isSynthetic });
  }

  getSSEScore(startupId) {
    return this.request(`/api/sse/score/${startupId}`);
  }

  completeAction(actionType, domain, baseTokens, metadata = {}, isSynthetic = false) {
    return this.request('/api/gamification/action', 'POST', { actionType, domain, baseTokens, metadata, isSynthetic });
  }

  getGamificationProfile() {
    return this.request('/api/gamification/profile');
  }

  healthCheck() {
    return this.request('/api/health');
  }
}
