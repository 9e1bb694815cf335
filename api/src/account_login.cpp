// Logging in. Known and unknown addresses take the same steps and as long: where there is no hash to verify
// against, the dummy is.
#include "account_flow.hpp"

#include "encoding.hpp"
#include "second_factor.hpp"

#include <array>

namespace auxeira::api {

namespace {

// An account whose password may be meant: an address can have a verified account and an unverified one.
struct Candidate {
    std::string user; // empty = there is none
    std::string hash;
    std::string sealed_secret; // of the second factor; empty = there is none
};

Candidate candidate_of(const Reply& row, int column) {
    return {std::string(row.text(column)), std::string(row.text(column + 1)),
            from_hex(row.text(column + 2)).value_or("")};
}

class LoginFlow : public SessionFlow {
public:
    using SessionFlow::SessionFlow;
    std::optional<Problem> start(Fields& fields) override;

private:
    void find_candidates(Session& session);
    void check_passwords();
    bool matches(const Candidate& candidate) const;
    void check_second_factor();
    void open_session(Session& session);
    void keep_new_hash(Session& session);
    void fail(const char* reason);
    void record_failure(Session& session);

    std::string email_;
    SecretPtr password_;
    SecondFactor second_factor_;
    std::array<Candidate, 2> candidates_;
    const Candidate* found_ = nullptr; // whose password it is
    std::string new_hash_;             // when the stored one is of weaker parameters
    const char* failure_ = nullptr;
};

std::optional<Problem> LoginFlow::start(Fields& fields) {
    email_ = fields.text("email");
    password_ = fields.secret("password");
    second_factor_.read(fields, "totp");
    if (fields.flag("refresh")) new_refresh_token();
    if (auto problem = fields.problem()) return problem;
    return begin(&LoginFlow::find_candidates);
}

void LoginFlow::find_candidates(Session& session) {
    const Reply reply = session.run(Statement::begin_login, {email_.c_str(), client_.c_str()});
    if (failed(reply)) return;
    if (const auto delay = reply.number(6); delay > 0) return answer(too_many_attempts(delay));
    candidates_ = {candidate_of(reply, 0), candidate_of(reply, 3)};
    then(&LoginFlow::check_passwords);
}

void LoginFlow::check_passwords() {
    for (const Candidate& candidate : candidates_)
        if (found_ == nullptr && matches(candidate)) found_ = &candidate;
    if (found_ != nullptr && needs_rehash(found_->hash)) new_hash_ = hash_password(password_->text());
    password_.reset();
    found_ == nullptr ? fail("password") : check_second_factor();
}

bool LoginFlow::matches(const Candidate& candidate) const {
    const bool exists = !candidate.user.empty() && !candidate.hash.empty();
    return verify_password(exists ? candidate.hash : tools_.passwords.dummy_hash(), password_->text()) &&
           exists;
}

void LoginFlow::check_second_factor() {
    if (found_->sealed_secret.empty()) return then(&LoginFlow::open_session);
    switch (second_factor_.check(tools_.vault, found_->user, found_->sealed_secret)) {
    case SecondFactor::Verdict::right:
        return then(&LoginFlow::open_session);
    case SecondFactor::Verdict::wrong:
        return fail("totp");
    case SecondFactor::Verdict::missing:
        return answer(code_needed());
    }
}

// The hash goes along, for the case that the password has been changed since it was read.
void LoginFlow::open_session(Session& session) {
    const std::string lifetime = session_lifetime();
    const Reply reply =
        session.run(Statement::open_session,
                    {found_->user.c_str(), refresh_hash(), lifetime.c_str(), client_.c_str(),
                     second_factor_.step(), second_factor_.recovery_hash(), found_->hash.c_str()});
    // The second factor was set up a moment ago.
    if (reply.error().sqlstate == "ZA401") return answer(code_needed());
    if (failed(reply)) return;
    if (!reply.has_row()) return fail(found_->sealed_secret.empty() ? "password" : "totp");
    keep_new_hash(session);
    answer_session(200, reply);
}

// Should this fail, the next login tries again.
void LoginFlow::keep_new_hash(Session& session) {
    if (new_hash_.empty()) return;
    session.run(Statement::rehash_password, {found_->user.c_str(), found_->hash.c_str(), new_hash_.c_str()});
}

void LoginFlow::fail(const char* reason) {
    failure_ = reason;
    then(&LoginFlow::record_failure);
}

void LoginFlow::record_failure(Session& session) {
    const std::string& user = found_ == nullptr ? candidates_[0].user : found_->user;
    const Reply reply =
        session.run(Statement::login_failed,
                    {email_.c_str(), user.empty() ? nullptr : user.c_str(), failure_, client_.c_str()});
    if (!failed(reply)) answer(wrong_credentials());
}

} // namespace

AccountFlowPtr login_flow(const AccountTools& tools, const ExchangePtr& exchange) {
    if (exchange->match.route->action != Action::login) return nullptr;
    return std::make_shared<LoginFlow>(tools, exchange);
}

} // namespace auxeira::api
