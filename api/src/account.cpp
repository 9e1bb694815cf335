#include "account.hpp"

#include "encoding.hpp"
#include "json.hpp"
#include "json_object.hpp"
#include "outcome.hpp"

#include <algorithm>
#include <ctime>

namespace auxeira::api {

namespace {

constexpr std::size_t shortest_password = 8;   // characters
constexpr std::size_t longest_password = 1024; // bytes
constexpr std::string_view refresh_prefix = "rt_";
constexpr std::size_t refresh_length = 3 + 43;
constexpr std::size_t longest_user_agent = 256;

using Members = std::vector<JsonMember>;

// The last of several, as in jsonb; an explicit null is as good as nothing.
const JsonMember* find(const Members& body, std::string_view name) {
    const auto found = std::find_if(body.rbegin(), body.rend(),
                                    [&](const JsonMember& member) { return member.name == name; });
    return found == body.rend() || found->value == "null" ? nullptr : &*found;
}

std::optional<Problem> missing(const Members& body, std::initializer_list<const char*> required) {
    std::vector<std::string> names;
    for (const char* name : required)
        if (find(body, name) == nullptr) names.emplace_back(name);
    if (names.empty()) return std::nullopt;
    return missing_fields(names);
}

Problem unacceptable(std::vector<Fault> faults) {
    const std::string first = faults.front().path + " " + faults.front().message;
    return {.status = 422, .code = "22023", .error = first, .errors = std::move(faults)};
}

Problem wrong_credentials() {
    return {.status = 401, .code = "28P01", .error = "Invalid credentials"};
}

// The body as sent, without the members that the database must not see.
std::string without_secrets(const Members& body) {
    std::string out = "{";
    for (const JsonMember& member : body) {
        if (member.name == "password" || member.name == "refresh") continue;
        if (out.size() > 1) out += ',';
        out.append(member.key).append(":").append(member.value);
    }
    return out + '}';
}

std::string client_json(const Exchange& exchange) {
    return JsonObject()
        .text("address", exchange.address)
        .text("userAgent", exchange.request.header("user-agent").substr(0, longest_user_agent))
        .text("requestId", exchange.id)
        .str();
}

bool is_refresh_token(std::string_view token) {
    return token.size() == refresh_length && token.starts_with(refresh_prefix) &&
           from_base64url(token.substr(refresh_prefix.size())).has_value();
}

} // namespace

// What a flow carries from thread to thread.
struct Account::Flow {
    explicit Flow(ExchangePtr from) : exchange(std::move(from)) {}

    std::optional<Problem> read_credentials(const Members& body);
    void new_refresh_token() {
        refresh_token = std::string(refresh_prefix) + base64url(random_bytes(32));
        refresh_hash = bytea(sha256(refresh_token));
    }
    const char* refresh_parameter() const { return refresh_hash.empty() ? nullptr : refresh_hash.c_str(); }

    ExchangePtr exchange;
    std::string client;
    std::string request; // without secrets
    std::string email;
    std::unique_ptr<Secret> password;
    std::string password_hash;
    std::string user; // empty = the address is unknown
    std::string old_refresh_hash;
    std::string refresh_token; // empty = none was asked for
    std::string refresh_hash;
};

std::optional<Problem> Account::Flow::read_credentials(const Members& body) {
    std::vector<Fault> faults;
    const auto address = string_value(find(body, "email")->value);
    auto secret = string_value(find(body, "password")->value);
    const JsonMember* wish = find(body, "refresh");
    if (!address) faults.push_back({"email", "must be a string"});
    if (!secret) faults.push_back({"password", "must be a string"});
    if (wish != nullptr && wish->value != "true" && wish->value != "false")
        faults.push_back({"refresh", "must be true or false"});
    if (!faults.empty()) return unacceptable(std::move(faults));
    email = *address;
    password = std::make_unique<Secret>(std::move(*secret));
    if (wish != nullptr && wish->value == "true") new_refresh_token();
    return std::nullopt;
}

std::optional<Response> Account::start(const ExchangePtr& exchange) {
    const auto flow = std::make_shared<Flow>(exchange);
    flow->client = client_json(*exchange);
    std::optional<Problem> problem;
    switch (exchange->match.route->action) {
    case Action::register_user:
        problem = register_user(flow);
        break;
    case Action::login:
        problem = login(flow);
        break;
    default:
        problem = refresh(flow);
    }
    if (!problem) return std::nullopt;
    return to_response(*problem, exchange->request.path, exchange->id);
}

std::optional<Problem> Account::register_user(const FlowPtr& flow) {
    std::string& body = flow->exchange->request.body;
    if (const auto fault = check_object(body)) return malformed_json(*fault);
    const Members fields = members(body);
    if (auto problem = missing(fields, {"email", "password", "userType"})) return problem;
    if (auto problem = flow->read_credentials(fields)) return problem;
    const std::string& password = flow->password->text();
    if (utf8_length(password) < shortest_password || password.size() > longest_password)
        return unacceptable({{"password", "must have at least 8 characters and at most 1024 bytes"}});
    flow->request = without_secrets(fields);
    Secret::wipe(body);
    if (on_password_pool(flow, &Account::hash_new_password)) return std::nullopt;
    return overloaded();
}

std::optional<Problem> Account::login(const FlowPtr& flow) {
    std::string& body = flow->exchange->request.body;
    if (const auto fault = check_object(body)) return malformed_json(*fault);
    const Members fields = members(body);
    if (auto problem = missing(fields, {"email", "password"})) return problem;
    if (auto problem = flow->read_credentials(fields)) return problem;
    Secret::wipe(body);
    if (on_database(flow, &Account::find_credentials)) return std::nullopt;
    return overloaded();
}

std::optional<Problem> Account::refresh(const FlowPtr& flow) {
    std::string& body = flow->exchange->request.body;
    if (const auto fault = check_object(body)) return malformed_json(*fault);
    const Members fields = members(body);
    if (auto problem = missing(fields, {"refreshToken"})) return problem;
    const auto token = string_value(find(fields, "refreshToken")->value);
    if (!token || !is_refresh_token(*token)) return invalid_token();
    flow->old_refresh_hash = bytea(sha256(*token));
    flow->new_refresh_token();
    Secret::wipe(body);
    if (on_database(flow, &Account::rotate)) return std::nullopt;
    return overloaded();
}

void Account::hash_new_password(const FlowPtr& flow) {
    flow->password_hash = hash_password(flow->password->text());
    flow->password.reset();
    if (flow->password_hash.empty() || !on_database(flow, &Account::store_user)) answer(flow, overloaded());
}

void Account::store_user(const FlowPtr& flow, Session& session) {
    const std::string lifetime = std::to_string(session_lifetime(*flow));
    answer(flow,
           session.run(Statement::register_user,
                       {flow->request.c_str(), flow->password_hash.c_str(), flow->refresh_parameter(),
                        lifetime.c_str(), flow->client.c_str()}),
           201);
}

void Account::find_credentials(const FlowPtr& flow, Session& session) {
    const Reply reply = session.run(Statement::credentials, {flow->email.c_str()});
    if (reply.state() != Reply::State::rows) return answer(flow, reply, 200);
    const bool known = reply.has_row() && !reply.is_null(0) && !reply.is_null(1);
    flow->user = known ? reply.text(0) : "";
    flow->password_hash = known ? reply.text(1) : passwords_.dummy_hash();
    if (!on_password_pool(flow, &Account::check_password)) answer(flow, overloaded());
}

// The same work and the same answer whether the address or the password is wrong.
void Account::check_password(const FlowPtr& flow) {
    const bool right = verify_password(flow->password_hash, flow->password->text());
    flow->password.reset();
    if (!right || flow->user.empty()) return answer(flow, wrong_credentials());
    if (!on_database(flow, &Account::open_session)) answer(flow, overloaded());
}

void Account::open_session(const FlowPtr& flow, Session& session) {
    const std::string lifetime = std::to_string(session_lifetime(*flow));
    answer(flow,
           session.run(Statement::open_session, {flow->user.c_str(), flow->refresh_parameter(),
                                                 lifetime.c_str(), flow->client.c_str()}),
           200);
}

void Account::rotate(const FlowPtr& flow, Session& session) {
    answer(flow,
           session.run(Statement::rotate_session,
                       {flow->old_refresh_hash.c_str(), flow->refresh_hash.c_str(), flow->client.c_str()}),
           200);
}

std::int64_t Account::session_lifetime(const Flow& flow) const {
    return flow.refresh_token.empty() ? settings_.legacy_seconds : settings_.refresh_seconds;
}

bool Account::on_database(const FlowPtr& flow, void (Account::*step)(const FlowPtr&, Session&)) {
    return database_.submit([this, flow, step](Session& session) {
        guarded(*flow->exchange, [&] { (this->*step)(flow, session); });
    });
}

bool Account::on_password_pool(const FlowPtr& flow, void (Account::*step)(const FlowPtr&)) {
    return passwords_.submit([this, flow, step] { guarded(*flow->exchange, [&] { (this->*step)(flow); }); });
}

void Account::answer(const FlowPtr& flow, const Problem& problem) const {
    answer_problem(*flow->exchange, problem);
}

// The row of a session becomes tokens.
void Account::answer(const FlowPtr& flow, const Reply& reply, int status) const {
    if (reply.state() != Reply::State::rows) return answer_failure(*flow->exchange, reply);
    if (!reply.has_row())
        return answer(flow, flow->old_refresh_hash.empty() ? wrong_credentials() : invalid_token());
    const Identity identity{std::string(reply.text(0)), std::string(reply.text(3)),
                            std::string(reply.text(2)), std::string(reply.text(4)),
                            std::string(reply.text(1))};
    const bool refreshable = !flow->refresh_token.empty();
    const std::int64_t lifetime = refreshable ? settings_.access_seconds : settings_.legacy_seconds;
    JsonObject data;
    data.text("userId", identity.user).text("userType", identity.user_type);
    reply.is_null(2) ? data.raw("organizationId", "null")
                     : data.text("organizationId", identity.organization);
    data.text("token", tokens_.issue(identity, std::time(nullptr), lifetime));
    refreshable ? data.text("refreshToken", flow->refresh_token) : data.raw("refreshToken", "null");
    data.number("expiresIn", lifetime);
    flow->exchange->identity = identity; // for the log
    const JsonObject body = JsonObject().raw("success", "true").raw("data", data.str());
    flow->exchange->answer({.status = status, .body = body.str()});
}

} // namespace auxeira::api
