// Registering, refreshing, and moving a session to another organization.
#include "account_flow.hpp"

#include "claims.hpp"
#include "encoding.hpp"
#include "opaque_token.hpp"

#include <algorithm>
#include <ctime>

namespace auxeira::api {

namespace {

class RegisterFlow : public SessionFlow {
public:
    using SessionFlow::SessionFlow;
    std::optional<Problem> start(Fields& fields) override;

private:
    void hash();
    void store(Session& session);

    std::string request_; // without secrets
    SecretPtr password_;
    std::string hash_;
};

std::optional<Problem> RegisterFlow::start(Fields& fields) {
    const std::string email = fields.text("email");
    password_ = fields.secret("password");
    fields.require("userType");
    if (fields.flag("refresh")) new_refresh_token();
    if (auto problem = fields.problem()) return problem;
    const std::vector<std::string> context = {email, fields.inner_text("organization", "name"),
                                              fields.inner_text("profile", "companyName")};
    check_rules(fields, "password", *password_, context);
    if (auto problem = fields.problem()) return problem;
    request_ = fields.without({"password", "refresh"});
    return begin(&RegisterFlow::hash);
}

void RegisterFlow::hash() {
    hash_ = hash_password(password_->text());
    password_.reset();
    if (hash_.empty()) return answer(overloaded());
    then(&RegisterFlow::store);
}

void RegisterFlow::store(Session& session) {
    const LinkToken link = new_link_token(tools_.vault);
    const std::string lifetime = session_lifetime();
    const std::string link_hash = bytea(link.hash);
    const std::string sealed = bytea(link.sealed);
    const Reply reply = session.run(Statement::register_user,
                                    {request_.c_str(), hash_.c_str(), refresh_hash(), lifetime.c_str(),
                                     client_.c_str(), link_hash.c_str(), sealed.c_str()});
    if (failed(reply)) return;
    answer_session(201, reply);
    mail_is_waiting();
}

class RefreshFlow : public SessionFlow {
public:
    using SessionFlow::SessionFlow;
    std::optional<Problem> start(Fields& fields) override;

private:
    void rotate(Session& session);

    std::string old_hash_;
};

// Whatever is no refresh token is answered like an unknown one.
std::optional<Problem> RefreshFlow::start(Fields& fields) {
    const SecretPtr token = fields.secret("refreshToken");
    const auto problem = fields.problem();
    if (problem && problem->status == 400) return problem;
    if (!is_opaque_token(token->text(), refresh_token_prefix)) return invalid_token();
    old_hash_ = bytea(sha256(token->text()));
    new_refresh_token();
    return begin(&RefreshFlow::rotate);
}

void RefreshFlow::rotate(Session& session) {
    const std::string idle = std::to_string(tools_.settings.idle_seconds);
    const Reply reply = session.run(Statement::rotate_session,
                                    {old_hash_.c_str(), refresh_hash(), client_.c_str(), idle.c_str()});
    if (failed(reply)) return;
    if (!reply.has_row()) return answer(invalid_token());
    answer_session(200, reply);
}

class SwitchFlow : public SessionFlow {
public:
    using SessionFlow::SessionFlow;
    std::optional<Problem> start(Fields& fields) override;

private:
    void move(Session& session);
    // A session that cannot be refreshed ends when its first token does.
    std::int64_t legacy_lifetime() const override {
        return std::max<std::int64_t>(1, exchange_->token_expiry - std::time(nullptr));
    }

    std::string organization_;
};

std::optional<Problem> SwitchFlow::start(Fields& fields) {
    organization_ = fields.text("organizationId");
    fields.refuse_others();
    if (auto problem = fields.problem()) return problem;
    if (!is_uuid(organization_)) fields.refuse("organizationId", "must be a UUID");
    if (auto problem = fields.problem()) return problem;
    return begin(&SwitchFlow::move);
}

void SwitchFlow::move(Session& session) {
    const std::string claims = claims_json(*exchange_);
    const Reply reply =
        session.run(Statement::switch_organization, {claims.c_str(), organization_.c_str(), client_.c_str()});
    if (failed(reply)) return;
    answer_session(200, reply);
}

} // namespace

AccountFlowPtr session_flow(const AccountTools& tools, const ExchangePtr& exchange) {
    switch (exchange->match.route->action) {
    case Action::register_user:
        return std::make_shared<RegisterFlow>(tools, exchange);
    case Action::refresh:
        return std::make_shared<RefreshFlow>(tools, exchange);
    case Action::switch_organization:
        return std::make_shared<SwitchFlow>(tools, exchange);
    default:
        return nullptr;
    }
}

} // namespace auxeira::api
