// Delivers the mails of the outbox, in a thread with a database connection of its own.
#pragma once

#include "lifeline.hpp"
#include "mail.hpp"
#include "settings.hpp"
#include "smtp.hpp"
#include "vault.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace pqxx {
class connection_base;
}

namespace auxeira::api {

class Mailer {
public:
    Mailer(const Settings& settings, const Vault& vault, std::string conninfo);
    ~Mailer() { stop(); }
    Mailer(const Mailer&) = delete;
    Mailer& operator=(const Mailer&) = delete;

    // Without a mail server in the settings this starts nothing: mails wait in the outbox.
    void start();
    void stop(); // within a second

    // Something was put in the outbox. Also allowed when nothing was started.
    void wake();

private:
    struct Sealed; // a mail as the outbox gives it

    // What became of one.
    struct Report {
        std::string mail_id;
        std::string error; // empty = it was sent
        bool is_permanent = false;
    };

    void run();
    bool work();
    static std::vector<Sealed> take(pqxx::connection_base& connection);
    bool deliver_batch(pqxx::connection_base& connection);
    Report deliver(const Sealed& sealed);
    void send(const Sealed& sealed);
    void report(pqxx::connection_base& connection);
    void note(bool works, const std::string& reason);
    bool pause(); // false when the mailer is to stop

    const MailOrigin origin_;
    const Vault& vault_;
    const std::string conninfo_;
    const bool has_server_;
    Smtp smtp_;
    Lifeline database_;
    std::deque<Report> reports_; // those that the database does not have yet
    bool works_ = true;          // the outbox, at the last look

    std::mutex mutex_;
    std::condition_variable changed_;
    bool woken_ = false;
    bool stopping_ = false;
    bool ended_ = true;
    std::thread thread_;
};

} // namespace auxeira::api
