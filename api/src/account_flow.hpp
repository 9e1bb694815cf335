// A flow: a chain of steps that go from thread to thread, from the IO thread to database workers and password
// threads, and end with an answer. Each file account_*.cpp has the flows of one subject.
#pragma once

#include "account.hpp"
#include "fields.hpp"
#include "json_object.hpp"
#include "outcome.hpp"

#include <memory>
#include <optional>
#include <string>

namespace auxeira::api {

class AccountFlow : public std::enable_shared_from_this<AccountFlow> {
public:
    AccountFlow(const AccountTools& tools, const ExchangePtr& exchange);
    AccountFlow(const AccountFlow&) = delete;
    AccountFlow& operator=(const AccountFlow&) = delete;
    virtual ~AccountFlow() = default;

    // On the IO thread: reads the body and begins with the first step, or says what is wrong.
    virtual std::optional<Problem> start(Fields& fields) = 0;

protected:
    template <typename Flow>
    using DatabaseStep = void (Flow::*)(Session&);
    template <typename Flow>
    using PasswordStep = void (Flow::*)();

    // The first step, from start().
    template <typename Flow, typename... Argument>
    std::optional<Problem> begin(void (Flow::*step)(Argument...)) {
        if (submit(step)) return std::nullopt;
        return overloaded();
    }
    // The next step, from another one.
    template <typename Flow, typename... Argument>
    void then(void (Flow::*step)(Argument...)) {
        if (!submit(step)) answer(overloaded());
    }

    void answer(const Problem& problem) const { answer_problem(*exchange_, problem); }
    void answer(int status, const JsonObject& data) const;
    // True when there is none to go on with: a failed statement has been answered.
    bool failed(const Reply& reply) const;
    // Adds to the faults what is wrong with a new password.
    void check_rules(Fields& fields, std::string_view name, const Secret& password,
                     const std::vector<std::string>& context) const;
    void mail_is_waiting() const;

    const AccountTools& tools_;
    const ExchangePtr exchange_;
    const std::string client_; // as the database wants to know it

private:
    template <typename Flow>
    bool submit(DatabaseStep<Flow> step) {
        const auto self = std::static_pointer_cast<Flow>(shared_from_this());
        return tools_.database.submit(
            [self, step](Session& session) { guarded(*self->exchange_, [&] { ((*self).*step)(session); }); });
    }
    template <typename Flow>
    bool submit(PasswordStep<Flow> step) {
        const auto self = std::static_pointer_cast<Flow>(shared_from_this());
        return tools_.passwords.submit(
            [self, step] { guarded(*self->exchange_, [&] { ((*self).*step)(); }); });
    }
};

// A flow that ends with tokens for a session.
class SessionFlow : public AccountFlow {
public:
    using AccountFlow::AccountFlow;

protected:
    void new_refresh_token();
    const char* refresh_hash() const { return refresh_hash_.empty() ? nullptr : refresh_hash_.c_str(); }
    std::string session_lifetime() const; // seconds

    // The row of a session becomes tokens.
    void answer_session(int status, const Reply& reply);
    // Of an access token for a session that cannot be refreshed.
    virtual std::int64_t legacy_lifetime() const { return tools_.settings.legacy_seconds; }

private:
    std::string refresh_token_; // empty = none was asked for
    std::string refresh_hash_;
};

using AccountFlowPtr = std::shared_ptr<AccountFlow>;

// By the action of the exchange's route; null when it is another file's.
AccountFlowPtr session_flow(const AccountTools& tools, const ExchangePtr& exchange);
AccountFlowPtr login_flow(const AccountTools& tools, const ExchangePtr& exchange);
AccountFlowPtr password_flow(const AccountTools& tools, const ExchangePtr& exchange);
AccountFlowPtr second_factor_flow(const AccountTools& tools, const ExchangePtr& exchange);

} // namespace auxeira::api
