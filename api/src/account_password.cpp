// Changing a password, and resetting a forgotten one.
#include "account_proof.hpp"

#include "encoding.hpp"
#include "opaque_token.hpp"
#include "url.hpp"

namespace auxeira::api {

namespace {

// --- Changing ------------------------------------------------------------------------------------------

class ChangeFlow : public ProofFlow {
public:
    using ProofFlow::ProofFlow;
    std::optional<Problem> start(Fields& fields) override;

private:
    void proven() override;
    void store(Session& session);

    SecretPtr new_password_;
    std::string new_hash_;
};

// What the rules can say without knowing the user they say at once.
std::optional<Problem> ChangeFlow::start(Fields& fields) {
    password_ = fields.secret("currentPassword");
    new_password_ = fields.secret("newPassword");
    check_rules(fields, "newPassword", *new_password_, {});
    return prove(fields, Wanted::anything);
}

void ChangeFlow::proven() {
    if (const auto fault = tools_.rules.fault(new_password_->text(), context_))
        return answer(unacceptable({{"newPassword", *fault}}));
    new_hash_ = hash_password(new_password_->text());
    new_password_.reset();
    if (new_hash_.empty()) return answer(overloaded());
    then(&ChangeFlow::store);
}

void ChangeFlow::store(Session& session) {
    const Reply reply =
        session.run(Statement::change_password, {claims_.c_str(), new_hash_.c_str(), client_.c_str()});
    if (failed(reply)) return;
    answer(200, JsonObject().raw("changed", "true"));
    mail_is_waiting();
}

// --- Asking for a link ---------------------------------------------------------------------------------

class RequestFlow : public AccountFlow {
public:
    using AccountFlow::AccountFlow;
    std::optional<Problem> start(Fields& fields) override;

private:
    void store(Session& session);

    std::string email_;
};

std::optional<Problem> RequestFlow::start(Fields& fields) {
    email_ = fields.text("email");
    fields.refuse_others();
    if (auto problem = fields.problem()) return problem;
    return begin(&RequestFlow::store);
}

// The same answer and the same work for all addresses: a token is made for unknown ones, too.
void RequestFlow::store(Session& session) {
    const LinkToken link = new_link_token(tools_.vault);
    const std::string hash = bytea(link.hash);
    const std::string sealed = bytea(link.sealed);
    const Reply reply = session.run(Statement::request_password_reset,
                                    {email_.c_str(), hash.c_str(), sealed.c_str(), client_.c_str()});
    if (failed(reply)) return;
    if (const auto delay = reply.number(0); delay > 0) return answer(too_many_attempts(delay));
    answer(202, JsonObject().raw("accepted", "true"));
    mail_is_waiting();
}

// --- Using it ------------------------------------------------------------------------------------------

class ConfirmFlow : public AccountFlow {
public:
    using AccountFlow::AccountFlow;
    std::optional<Problem> start(Fields& fields) override;

private:
    void find_context(Session& session);
    void hash();
    void store(Session& session);

    std::string token_hash_;
    std::vector<std::string> context_;
    SecretPtr new_password_;
    std::string new_hash_;
};

std::optional<Problem> ConfirmFlow::start(Fields& fields) {
    const SecretPtr token = fields.secret("token");
    new_password_ = fields.secret("newPassword");
    check_rules(fields, "newPassword", *new_password_, {});
    fields.refuse_others();
    if (auto problem = fields.problem()) return problem;
    if (!is_opaque_token(token->text(), link_token_prefix)) return unusable_link();
    token_hash_ = bytea(sha256(token->text()));
    return begin(&ConfirmFlow::find_context);
}

// Costs no hash, and leaves the token usable should the password be refused.
void ConfirmFlow::find_context(Session& session) {
    const Reply reply = session.run(Statement::reset_context, {token_hash_.c_str()});
    if (failed(reply)) return;
    if (!reply.has_row()) return answer(unusable_link());
    for (const std::string_view word : split(reply.text(0), '\n'))
        context_.emplace_back(word);
    then(&ConfirmFlow::hash);
}

void ConfirmFlow::hash() {
    if (const auto fault = tools_.rules.fault(new_password_->text(), context_))
        return answer(unacceptable({{"newPassword", *fault}}));
    new_hash_ = hash_password(new_password_->text());
    new_password_.reset();
    if (new_hash_.empty()) return answer(overloaded());
    then(&ConfirmFlow::store);
}

void ConfirmFlow::store(Session& session) {
    const Reply reply =
        session.run(Statement::reset_password, {token_hash_.c_str(), new_hash_.c_str(), client_.c_str()});
    if (failed(reply)) return;
    if (!reply.is_true(0)) return answer(unusable_link());
    answer(200, JsonObject().raw("changed", "true"));
    mail_is_waiting();
}

} // namespace

AccountFlowPtr password_flow(const AccountTools& tools, const ExchangePtr& exchange) {
    switch (exchange->match.route->action) {
    case Action::change_password:
        return std::make_shared<ChangeFlow>(tools, exchange);
    case Action::request_reset:
        return std::make_shared<RequestFlow>(tools, exchange);
    case Action::confirm_reset:
        return std::make_shared<ConfirmFlow>(tools, exchange);
    default:
        return nullptr;
    }
}

} // namespace auxeira::api
