#include "mailer.hpp"

#include "log.hpp"

#include <pqxx/pqxx>

#include <chrono>
#include <optional>

namespace auxeira::api {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds interval{2};
constexpr std::chrono::milliseconds farewell{500};
constexpr int batch = 10;
// A mail that was taken is this process's own for the time of the lease; what could take longer is left
// alone.
constexpr std::chrono::seconds lease{300};
constexpr std::chrono::seconds margin{10};
constexpr std::chrono::seconds usable = lease - Smtp::patience - margin;

void prepare_all(pqxx::connection_base& connection) {
    connection.prepare("take", "SELECT mail_id, recipient, template, fields, token_sealed "
                               "FROM auxeira.take_mail($1::integer)");
    connection.prepare("sent", "SELECT auxeira.mail_sent($1::uuid)");
    connection.prepare("failed", "SELECT auxeira.mail_failed($1::uuid, $2::text, $3::boolean)");
}

// Something to read that nobody asked for is the end of the connection.
bool has_ended(const pqxx::connection_base& connection) {
    pollfd socket{connection.sock(), POLLIN, 0};
    return ::poll(&socket, 1, 0) > 0;
}

class Held {
public:
    Held(Lifeline& line, int socket) : line_(line), socket_(socket) { line_.hold(socket_); }
    ~Held() { line_.let_go(socket_); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

private:
    Lifeline& line_;
    const int socket_;
};

} // namespace

struct Mailer::Sealed {
    Mail mail;
    std::optional<std::string> token;
};

Mailer::Mailer(const Settings& settings, const Vault& vault, std::string conninfo)
    : origin_{settings.smtp.from, settings.public_url}, vault_(vault), conninfo_(std::move(conninfo)),
      has_server_(!settings.smtp.url.empty()), smtp_(settings.smtp) {}

void Mailer::start() {
    if (!has_server_) return log_line(Level::warn, "AUXEIRA_SMTP_URL is not set: mail waits in the outbox");
    ended_ = false;
    thread_ = std::thread([this] { run(); });
}

void Mailer::stop() {
    smtp_.stop();
    {
        std::unique_lock lock(mutex_);
        stopping_ = true;
        changed_.notify_all();
        // What was sent is still told to the database, unless that hangs.
        if (!changed_.wait_for(lock, farewell, [this] { return ended_; })) database_.cut();
    }
    if (thread_.joinable()) thread_.join();
}

void Mailer::wake() {
    {
        const std::lock_guard lock(mutex_);
        woken_ = true;
    }
    changed_.notify_all();
}

bool Mailer::pause() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, interval, [this] { return woken_ || stopping_; });
    woken_ = false;
    return !stopping_;
}

// Only a change is news.
void Mailer::note(bool works, const std::string& reason) {
    if (works_ == works) return;
    works_ = works;
    if (works) return log_line(Level::info, "outbox in reach");
    log_line(Level::error, "outbox out of reach", JsonObject().text("reason", reason));
}

std::vector<Mailer::Sealed> Mailer::take(pqxx::connection_base& connection) {
    pqxx::nontransaction work(connection);
    std::vector<Sealed> mails;
    for (const pqxx::row& row : work.exec_prepared("take", batch)) {
        const auto text = [&](int column) { return row[column].as<std::string>(""); };
        mails.push_back({{text(0), text(1), text(2), text(3), ""}, std::nullopt});
        if (!row[4].is_null()) mails.back().token = pqxx::binarystring(row[4]).str();
    }
    return mails;
}

void Mailer::send(const Sealed& sealed) {
    Mail mail = sealed.mail;
    if (sealed.token) {
        const std::optional<std::string> token = vault_.open(*sealed.token, "mail-token");
        if (!token) throw MailError("the link was sealed with another key", false);
        mail.token = *token;
    }
    smtp_.send(mail.recipient, render(mail, origin_, std::time(nullptr)));
}

Mailer::Report Mailer::deliver(const Sealed& sealed) {
    JsonObject fields;
    fields.text("mailId", sealed.mail.id).text("template", sealed.mail.template_name);
    try {
        send(sealed);
        log_line(Level::info, "mail sent", fields);
        return {sealed.mail.id, "", false};
    } catch (const MailError& error) {
        fields.text("outcome", error.is_permanent() ? "given up" : "to be tried again");
        log_line(Level::warn, "mail not sent", fields.text("reason", error.what()));
        return {sealed.mail.id, error.what(), error.is_permanent()};
    }
}

void Mailer::report(pqxx::connection_base& connection) {
    pqxx::nontransaction work(connection);
    for (; !reports_.empty(); reports_.pop_front()) {
        const Report& report = reports_.front();
        report.error.empty()
            ? work.exec_prepared("sent", report.mail_id)
            : work.exec_prepared("failed", report.mail_id, report.error, report.is_permanent);
    }
}

// True when there may be more to do at once; a server in trouble is not pressed.
bool Mailer::deliver_batch(pqxx::connection_base& connection) {
    const Clock::time_point taken = Clock::now();
    const std::vector<Sealed> mails = take(connection);
    note(true, "");
    bool go_on = mails.size() == batch;
    for (const Sealed& sealed : mails) {
        if (Clock::now() - taken > usable) return false;
        reports_.push_back(deliver(sealed));
        go_on = go_on && (reports_.back().error.empty() || reports_.back().is_permanent);
        report(connection);
    }
    return go_on;
}

// One connection for as long as it lasts: every failure ends it, so that libpqxx never mends it by itself.
// False when the mailer is to stop.
bool Mailer::work() {
    pqxx::connection connection(conninfo_);
    const pqxx::quiet_errorhandler quiet(connection);
    const Held held(database_, connection.sock());
    prepare_all(connection);
    do {
        // First of all: a mail whose delivery stays unknown would be sent again.
        report(connection);
        while (deliver_batch(connection)) {
        }
        if (!pause()) return false;
    } while (!has_ended(connection));
    return true;
}

void Mailer::run() {
    for (bool go_on = true; go_on;) {
        try {
            go_on = work();
        } catch (const std::exception& error) {
            note(false, error.what());
            go_on = pause();
        } catch (...) {
            note(false, "unknown failure");
            go_on = pause();
        }
    }
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
}

} // namespace auxeira::api
