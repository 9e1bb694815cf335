#include "account_proof.hpp"

#include "claims.hpp"
#include "encoding.hpp"
#include "url.hpp"

namespace auxeira::api {

namespace {

Problem conflict(const char* error) {
    return {.status = 409, .code = "ZA409", .error = error};
}

// Not 401: that would say that the access token is no longer good.
Problem wrong_proof(std::string_view reason) {
    const bool password = reason == "password";
    const std::string name = password ? "currentPassword" : "code";
    return {.status = 422,
            .code = password ? "wrong_password" : "wrong_code",
            .error = name + " is wrong",
            .errors = {{name, "is wrong"}}};
}

} // namespace

std::optional<Problem> ProofFlow::prove(Fields& fields, Wanted wanted) {
    fields.refuse_others();
    if (auto problem = fields.problem()) return problem;
    claims_ = claims_json(*exchange_);
    wanted_ = wanted;
    return begin(&ProofFlow::find_account);
}

void ProofFlow::find_account(Session& session) {
    const Reply reply = session.run(Statement::own_account, {claims_.c_str(), client_.c_str()});
    if (failed(reply)) return;
    if (!reply.has_row()) return answer(invalid_token());
    if (const auto delay = reply.number(6); delay > 0) return answer(too_many_attempts(delay));
    if (const auto fault = fault_in_state(!reply.is_null(4), reply.is_true(5))) return answer(*fault);
    user_ = reply.text(0);
    email_ = reply.text(1);
    hash_ = reply.text(2);
    for (const std::string_view word : split(reply.text(3), '\n'))
        context_.emplace_back(word);
    sealed_secret_ = from_hex(reply.text(4)).value_or("");
    password_ ? then(&ProofFlow::check_password) : check_code();
}

std::optional<Problem> ProofFlow::fault_in_state(bool has_secret, bool is_active) const {
    if (wanted_ == Wanted::active_factor && !is_active) return conflict("no second factor is active");
    if (wanted_ == Wanted::pending_factor && is_active) return conflict("a second factor is active already");
    if (wanted_ == Wanted::pending_factor && !has_secret)
        return conflict("there is no second factor to confirm");
    return std::nullopt;
}

void ProofFlow::check_password() {
    const bool right = verify_password(hash_, password_->text());
    password_.reset();
    right ? check_code() : refuse("password");
}

void ProofFlow::check_code() {
    if (!second_factor_.given()) return proven();
    const auto verdict = second_factor_.check(tools_.vault, user_, sealed_secret_);
    verdict == SecondFactor::Verdict::right ? proven() : refuse_code();
}

void ProofFlow::refuse(const char* reason) {
    failure_ = reason;
    then(&ProofFlow::record_failure);
}

void ProofFlow::record_failure(Session& session) {
    const Reply reply =
        session.run(Statement::reauthentication_failed, {claims_.c_str(), failure_, client_.c_str()});
    if (!failed(reply)) answer(wrong_proof(failure_));
}

} // namespace auxeira::api
