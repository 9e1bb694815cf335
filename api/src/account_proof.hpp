// Flows of a user who is signed in and must prove again who they are: a stolen access token is not enough to
// take over an account.
#pragma once

#include "account_flow.hpp"
#include "second_factor.hpp"

#include <string>
#include <vector>

namespace auxeira::api {

class ProofFlow : public AccountFlow {
public:
    using AccountFlow::AccountFlow;

protected:
    // The state in which the second factor must be for the flow to make sense.
    enum class Wanted { anything, pending_factor, active_factor };

    // For start(), once the fields have been read.
    std::optional<Problem> prove(Fields& fields, Wanted wanted);

    // What comes after password and code were right; on any thread.
    virtual void proven() = 0;

    // Also for a later step, when the database says that the code was used before.
    void refuse_code() { refuse("totp"); }

    std::string claims_;
    SecretPtr password_; // null = the flow does not ask for it
    SecondFactor second_factor_;

    // What the database knows.
    std::string user_;
    std::string email_;
    std::string hash_;
    std::string sealed_secret_;
    std::vector<std::string> context_; // words of which a password must not consist

private:
    void find_account(Session& session);
    std::optional<Problem> fault_in_state(bool has_secret, bool is_active) const;
    void check_password();
    void check_code();
    void refuse(const char* reason);
    void record_failure(Session& session);

    Wanted wanted_ = Wanted::anything;
    const char* failure_ = nullptr;
};

} // namespace auxeira::api
