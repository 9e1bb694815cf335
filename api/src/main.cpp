// Start, signals, orderly end.
#include "account.hpp"
#include "database.hpp"
#include "event_reader.hpp"
#include "event_streams.hpp"
#include "files.hpp"
#include "gateway.hpp"
#include "log.hpp"
#include "mailer.hpp"
#include "metrics_page.hpp"
#include "metrics_server.hpp"
#include "monitor.hpp"
#include "password.hpp"
#include "password_rules.hpp"
#include "privileges.hpp"
#include "replica.hpp"
#include "routes.hpp"
#include "sender.hpp"
#include "server.hpp"
#include "settings.hpp"
#include "settings_file.hpp"
#include "token.hpp"
#include "vault.hpp"

#include <malloc.h>
#include <sodium.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>

namespace auxeira::api {

namespace {

constexpr int exit_settings = 2;
constexpr std::chrono::seconds drain_margin{5};
constexpr std::chrono::seconds longest_wait_for_database{3};
constexpr int least_memory_by_itself = 256 * 1024;

// Large answers leave nothing behind: the allocator would raise this bound to the largest that there was, and
// keep the memory of those below it.
void give_memory_back() {
    ::mallopt(M_MMAP_THRESHOLD, least_memory_by_itself);
}

// Every thread inherits the mask; the signals are then waited for in one place.
sigset_t block_signals() {
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, nullptr);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    return signals;
}

std::unique_ptr<SigningKey> signing_key(const std::string& seed, const std::string& secret) {
    if (!seed.empty()) return std::make_unique<Ed25519Key>(seed);
    if (!secret.empty()) return std::make_unique<HmacKey>(secret);
    return nullptr;
}

KeyRing::Keys signing_keys(const Settings& settings) {
    KeyRing::Keys keys;
    keys.push_back(signing_key(settings.jwt_key, settings.jwt_secret));
    if (auto previous = signing_key(settings.jwt_previous_key, settings.jwt_previous_secret))
        keys.push_back(std::move(previous));
    return keys;
}

std::string url_of(const std::string& address, std::uint16_t port) {
    const bool v6 = address.find(':') != std::string::npos;
    return "http://" + (v6 ? '[' + address + ']' : address) + ':' + std::to_string(port);
}

void start_metrics(MetricsServer& metrics, const Settings& settings) {
    if (!settings.metrics_port) return;
    const std::uint16_t port = metrics.listen(settings.metrics_listen, *settings.metrics_port);
    log_line(Level::info, "metrics",
             JsonObject().text("url", url_of(settings.metrics_listen, port) + "/metrics"));
}

// Renamed into place, so that a reader sees all of it or nothing.
void announce(const std::string& path, const std::string& url) {
    if (path.empty()) return;
    const std::string draft = path + ".new";
    std::ofstream(draft) << url << '\n';
    if (std::rename(draft.c_str(), path.c_str()) != 0)
        throw std::runtime_error("AUXEIRA_READY_FILE=" + path + " cannot be written");
}

void withdraw(const std::string& path) {
    if (!path.empty() && std::remove(path.c_str()) != 0)
        log_line(Level::warn, "ready file not removed", JsonObject().text("path", path));
}

// All of them, where reading would end at the first.
void tell_unreadable(const Environment& environment) {
    std::string list;
    for (const std::string& file : unreadable_files(environment))
        list += (list.empty() ? "" : ", ") + file;
    if (!list.empty()) log_line(Level::error, "files cannot be read again", JsonObject().text("files", list));
}

// What may change while the program runs; all of it, or nothing when any setting is wrong.
void reload(Tokens& tokens, RateLimits& limits) {
    try {
        const Environment environment = with_settings_file(process_environment());
        tell_unreadable(environment);
        const Settings settings = read_settings(environment);
        tokens.replace(signing_keys(settings));
        limits.set(settings.limits);
        set_log_level(settings.log_level);
        log_line(Level::warn, "settings read again"); // whatever the level is from now on
    } catch (const std::exception& error) {
        log_line(Level::error, "settings kept as they were", JsonObject().text("reason", error.what()));
    }
}

void wait_for_end(const sigset_t& signals, const std::function<void()>& on_hangup) {
    int signal = 0;
    while (sigwait(&signals, &signal) == 0 && signal == SIGHUP)
        on_hangup();
    log_line(Level::info, "stopping", JsonObject().number("signal", signal));
}

// A second signal ends it.
void linger(const sigset_t& signals, std::chrono::seconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    for (auto now = end - limit; now < end; now = std::chrono::steady_clock::now()) {
        const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(end - now).count();
        const timespec patience{left / 1'000'000'000, left % 1'000'000'000};
        const int signal = sigtimedwait(&signals, nullptr, &patience);
        if (signal == SIGTERM || signal == SIGINT) return;
    }
}

void serve(const Settings& settings, const PasswordRules& rules, const Files& files,
           const sigset_t& signals) {
    const DatabaseSettings pool{settings.dsn, settings.workers, settings.queue, settings.statement_timeout};
    Tokens tokens(settings.jwt_issuer, settings.jwt_audience, signing_keys(settings));
    const Vault vault(settings.vault_key, settings.vault_previous_key);
    PasswordPool passwords;
    Database database(pool);
    Replica replica(pool, settings.read_dsn, settings.public_url.starts_with("https://"));
    Monitor monitor(conninfo(pool, "auxeira-api monitor"), settings.metrics_port.has_value());
    Mailer mailer(settings, vault, conninfo(pool, "auxeira-api mailer"));
    const Account account(
        {settings, tokens, vault, rules, database, passwords, [&mailer] { mailer.wake(); }});
    RateLimits limits(settings.limits);
    Streams streams(settings.streams);
    EventReader events(conninfo(pool, "auxeira-api events"), settings.statement_timeout, streams);
    EventStreams event_streams(vault, database, streams, events);
    Gateway gateway(settings, tokens, vault, database, replica, account, event_streams, monitor, files,
                    limits);
    Sender sender;
    Server server(gateway, sender, settings.max_connections);
    MetricsServer metrics([&] {
        return metrics_page({gateway.figures(), server.traffic(), database, replica, monitor, streams});
    });

    passwords.start();
    database.start();
    replica.start();
    monitor.start();
    mailer.start();
    sender.start();
    streams.start();
    events.start();
    start_metrics(metrics, settings);
    // Whoever takes the place of another is not to refuse what comes at once. One without a database says so.
    database.up_within(longest_wait_for_database);
    const std::string url = url_of(settings.listen, server.listen(settings.listen, settings.port));
    announce(settings.ready_file, url);
    log_line(Level::info, "listening", JsonObject().text("url", url).text("version", AUXEIRA_VERSION));

    wait_for_end(signals, [&] { reload(tokens, limits); });
    gateway.retire();
    server.retire();
    linger(signals, settings.linger);
    streams.end_all();
    const bool drained = server.drain(settings.statement_timeout + drain_margin);
    if (!drained) log_line(Level::warn, "stopped with requests unanswered");
    server.stop();
    metrics.stop();
    passwords.stop();
    replica.stop();
    database.stop();
    events.stop();
    streams.stop();
    mailer.stop();
    monitor.stop();
    sender.stop();
    withdraw(settings.ready_file);
}

void run() {
    give_memory_back();
    const sigset_t signals = block_signals();
    if (sodium_init() < 0) throw std::runtime_error("libsodium cannot be initialised");
    const Settings settings = read_settings(with_settings_file(process_environment()));
    const PasswordRules rules = PasswordRules::from_file(settings.password_list);
    const Files files(settings.web);
    drop_privileges(settings.run_as);
    start_log(settings.log_level);
    serve(settings, rules, files, signals);
    log_line(Level::info, "stopped");
    stop_log();
}

int main_with(const std::string& option) {
    if (option == "--version") {
        std::cout << AUXEIRA_VERSION << '\n';
    } else if (option == "--help") {
        std::cout
            << "auxeira-api [--help | --version | --check-config | --routes]\n\nServes the Auxeira REST API. "
               "Settings are "
               "environment variables:\n\n"
            << settings_help();
    } else if (option == "--check-config") {
        const Environment environment = with_settings_file(process_environment());
        const Settings settings = read_settings(environment);
        PasswordRules::from_file(settings.password_list);
        const Files files(settings.web);
        std::cout << settings_in_force(environment);
    } else if (option == "--routes") {
        std::cout << routes_listing();
    } else if (option.empty()) {
        run();
    } else {
        std::cerr << "auxeira-api: unknown option " << option << "; try --help\n";
        return exit_settings;
    }
    return 0;
}

} // namespace

} // namespace auxeira::api

int main(int argc, char** argv) {
    try {
        return auxeira::api::main_with(argc > 1 ? argv[1] : "");
    } catch (const auxeira::api::SettingsError& error) {
        std::cerr << "auxeira-api: " << error.what() << '\n';
        return auxeira::api::exit_settings;
    } catch (const std::exception& error) {
        auxeira::api::stop_log();
        std::cerr << "auxeira-api: " << error.what() << '\n';
        return 1;
    }
}
