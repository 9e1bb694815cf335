// Hands messages to a mail server.
#pragma once

#include "lifeline.hpp"
#include "settings.hpp"

#include <chrono>
#include <string>

namespace auxeira::api {

class Smtp {
public:
    // The longest that send() takes.
    static constexpr std::chrono::seconds patience{90};

    explicit Smtp(const SmtpSettings& settings);

    // Throws MailError.
    void send(const std::string& recipient, const std::string& message);

    // From any thread, for good: what is under way ends at once, and nothing more is begun.
    void stop() { sockets_.cut(); }
    bool stopped() const { return sockets_.is_cut(); }

private:
    const SmtpSettings settings_;
    Lifeline sockets_;
};

} // namespace auxeira::api
