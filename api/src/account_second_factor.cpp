// Setting up a second factor, and removing it.
#include "account_proof.hpp"

#include "encoding.hpp"
#include "one_time_code.hpp"

namespace auxeira::api {

namespace {

// As a text of PostgreSQL's type bytea[].
std::string hashes_of(const RecoveryCodes& codes) {
    std::string list = "{";
    for (const std::string& code : codes) {
        if (list.size() > 1) list += ',';
        list += "\"\\" + bytea(recovery_code_hash(code).value()) + '"';
    }
    return list + '}';
}

JsonObject shown(const RecoveryCodes& codes) {
    std::string list;
    for (const std::string& code : codes)
        list += (list.empty() ? "[" : ",") + json_string(code);
    return JsonObject().raw("recoveryCodes", list + ']');
}

// --- A new secret, not yet in force --------------------------------------------------------------------

class EnrollFlow : public ProofFlow {
public:
    using ProofFlow::ProofFlow;

    std::optional<Problem> start(Fields& fields) override {
        password_ = fields.secret("currentPassword");
        return prove(fields, Wanted::anything);
    }

private:
    void proven() override { then(&EnrollFlow::store); }
    void store(Session& session);
};

void EnrollFlow::store(Session& session) {
    const Secret secret(new_totp_secret());
    const std::string sealed = bytea(tools_.vault.seal(secret.text(), totp_context(user_)));
    const Reply reply =
        session.run(Statement::enroll_totp, {claims_.c_str(), sealed.c_str(), client_.c_str()});
    if (failed(reply)) return;
    answer(201,
           JsonObject().text("secret", base32(secret.text())).text("uri", totp_uri(secret.text(), email_)));
}

// --- Putting it in force, and new recovery codes -------------------------------------------------------

// Both store ten codes, and show them once.
class CodesFlow : public ProofFlow {
public:
    using ProofFlow::ProofFlow;

protected:
    void store_codes(Session& session, Statement statement);
};

void CodesFlow::store_codes(Session& session, Statement statement) {
    const RecoveryCodes codes = new_recovery_codes();
    const std::string hashes = hashes_of(codes);
    const Reply reply =
        session.run(statement, {claims_.c_str(), second_factor_.step(), hashes.c_str(), client_.c_str()});
    if (failed(reply)) return;
    if (!reply.is_true(0)) return refuse_code();
    answer(200, shown(codes));
    mail_is_waiting();
}

class ConfirmFlow : public CodesFlow {
public:
    using CodesFlow::CodesFlow;

    std::optional<Problem> start(Fields& fields) override {
        second_factor_.require(fields, "code");
        return prove(fields, Wanted::pending_factor);
    }

private:
    void proven() override { then(&ConfirmFlow::store); }
    void store(Session& session) { store_codes(session, Statement::activate_totp); }
};

class RenewFlow : public CodesFlow {
public:
    using CodesFlow::CodesFlow;

    std::optional<Problem> start(Fields& fields) override {
        password_ = fields.secret("currentPassword");
        second_factor_.require(fields, "code");
        return prove(fields, Wanted::active_factor);
    }

private:
    void proven() override { then(&RenewFlow::store); }
    void store(Session& session) { store_codes(session, Statement::renew_recovery_codes); }
};

// --- Removing it ---------------------------------------------------------------------------------------

class DisableFlow : public ProofFlow {
public:
    using ProofFlow::ProofFlow;
    std::optional<Problem> start(Fields& fields) override;

private:
    void proven() override { then(&DisableFlow::remove); }
    void remove(Session& session);
};

std::optional<Problem> DisableFlow::start(Fields& fields) {
    password_ = fields.secret("currentPassword");
    second_factor_.read(fields, "code");
    if (!second_factor_.given()) fields.text("code"); // which is missing
    return prove(fields, Wanted::active_factor);
}

void DisableFlow::remove(Session& session) {
    const Reply reply =
        session.run(Statement::disable_totp, {claims_.c_str(), second_factor_.step(),
                                              second_factor_.recovery_hash(), client_.c_str()});
    if (failed(reply)) return;
    if (!reply.is_true(0)) return refuse_code();
    answer(200, JsonObject().raw("disabled", "true"));
    mail_is_waiting();
}

} // namespace

AccountFlowPtr second_factor_flow(const AccountTools& tools, const ExchangePtr& exchange) {
    switch (exchange->match.route->action) {
    case Action::enroll_totp:
        return std::make_shared<EnrollFlow>(tools, exchange);
    case Action::confirm_totp:
        return std::make_shared<ConfirmFlow>(tools, exchange);
    case Action::renew_recovery_codes:
        return std::make_shared<RenewFlow>(tools, exchange);
    case Action::disable_totp:
        return std::make_shared<DisableFlow>(tools, exchange);
    default:
        return nullptr;
    }
}

} // namespace auxeira::api
