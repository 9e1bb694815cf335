#include "metrics_page.hpp"

#include "process_figures.hpp"

#include <array>
#include <vector>

namespace auxeira::api {

namespace {

struct Family {
    std::string_view name;
    std::string_view type;
    std::string_view help;
};

template <typename Number>
void add(Exposition& page, const Family& family, Number value) {
    page.family(family.name, family.type, family.help).sample(static_cast<double>(value));
}

// clang-format off
void write_traffic(Exposition& page, const Traffic& traffic) {
    add(page, {"auxeira_http_connections", "gauge", "Client connections that are open."}, traffic.connections.load());
    add(page, {"auxeira_http_connections_refused_total", "counter", "Client connections that were one too many."}, traffic.turned_away.load());
    add(page, {"auxeira_http_requests_in_flight", "gauge", "Requests that are being answered."}, traffic.in_flight.load());
    add(page, {"auxeira_http_request_body_bytes", "gauge", "Memory of the bodies of requests."}, traffic.body_bytes.load());
}

// Of the primary, and of the replica where there is one.
struct Pool {
    std::string_view server;
    const Database& database;
};

struct PoolFamily {
    Family family;
    std::size_t PoolFigures::*figure;
};

constexpr std::array<PoolFamily, 5> pool_families = {{
    {{"auxeira_database_workers", "gauge", "Database connections that are wanted."}, &PoolFigures::workers},
    {{"auxeira_database_workers_connected", "gauge", "Database connections that there are."}, &PoolFigures::connected},
    {{"auxeira_database_workers_busy", "gauge", "Database connections that are in use."}, &PoolFigures::busy},
    {{"auxeira_database_queue_length", "gauge", "Requests that wait for a database connection."}, &PoolFigures::waiting},
    {{"auxeira_database_queue_limit", "gauge", "Requests that may wait for one; more are refused."}, &PoolFigures::room},
}};

void write_pools(Exposition& page, const std::vector<Pool>& pools) {
    for (const PoolFamily& wanted : pool_families) {
        page.family(wanted.family.name, wanted.family.type, wanted.family.help);
        for (const auto& [server, database] : pools)
            page.sample(static_cast<double>(database.figures().*wanted.figure), {{"server", server}});
    }
    page.family("auxeira_database_round_trip_seconds", "histogram", "From sending a statement to its whole result.");
    for (const auto& [server, database] : pools)
        page.histogram(database.round_trips(), {{"server", server}});
}

void write_streams(Exposition& page, const Streams& streams) {
    add(page, {"auxeira_event_streams", "gauge", "Streams of events that are open."}, streams.count());
    add(page, {"auxeira_event_streams_opened_total", "counter", "Streams of events that were opened."}, streams.figures().opened.load());
    add(page, {"auxeira_event_streams_dropped_total", "counter", "Streams of events that were ended because their reader was too slow."}, streams.figures().slow.load());
    add(page, {"auxeira_events_sent_total", "counter", "Events that were sent, once for each stream."}, streams.figures().events.load());
    add(page, {"auxeira_event_bytes_sent_total", "counter", "Bytes of streams of events."}, streams.figures().bytes.load());
}

void write_process(Exposition& page) {
    const ProcessFigures process = process_figures();
    add(page, {"process_cpu_seconds_total", "counter", "Processor time that was used."}, process.cpu_seconds);
    add(page, {"process_resident_memory_bytes", "gauge", "Memory in use."}, process.resident_bytes);
    add(page, {"process_virtual_memory_bytes", "gauge", "Addresses in use."}, process.virtual_bytes);
    add(page, {"process_threads", "gauge", "Threads."}, process.threads);
    add(page, {"process_open_fds", "gauge", "File descriptors in use."}, process.open_descriptors);
    add(page, {"process_max_fds", "gauge", "File descriptors that may be in use."}, process.most_descriptors);
    add(page, {"process_start_time_seconds", "gauge", "When the process began, in seconds since 1970."}, process.start_seconds);
}

// What auxeira.operation_figures gives.
struct DatabaseFamily {
    std::string_view figure;
    std::string_view label; // empty = none
    Family family;
};

constexpr std::array<DatabaseFamily, 6> database_families = {{
    {"job_start", "task", {"auxeira_job_last_start_timestamp_seconds", "gauge", "When a job was last started, in seconds since 1970."}},
    {"job_success", "task", {"auxeira_job_last_success_timestamp_seconds", "gauge", "When a job last ended well, in seconds since 1970."}},
    {"ledger_open_changes", "", {"auxeira_ledger_open_changes", "gauge", "Changes that wait to be sealed; counted up to 100000."}},
    {"ledger_seal_lag", "", {"auxeira_ledger_seal_lag_seconds", "gauge", "Age of the oldest change that waits to be sealed."}},
    {"ledger_problems", "", {"auxeira_ledger_problems", "gauge", "Problems that the last verification of the ledger found."}},
    {"mails_waiting", "", {"auxeira_mails_waiting", "gauge", "Mails that wait to be sent; counted up to 100000."}},
}};
// clang-format on

void write_database(Exposition& page, const Monitor& monitor) {
    const std::vector<Figure> figures = monitor.figures();
    for (const DatabaseFamily& wanted : database_families) {
        page.family(wanted.family.name, wanted.family.type, wanted.family.help);
        for (const Figure& figure : figures) {
            if (figure.name != wanted.figure) continue;
            wanted.label.empty() ? page.sample(figure.value)
                                 : page.sample(figure.value, {{wanted.label, figure.label}});
        }
    }
}

} // namespace

std::string metrics_page(const MetricsSources& sources) {
    Exposition page;
    page.family("auxeira_build_info", "gauge", "The version that runs; always 1.");
    page.sample(1, {{"version", AUXEIRA_VERSION}});
    const bool is_ready = sources.monitor.ready() && sources.database.up();
    add(page, {"auxeira_ready", "gauge", "Whether the service is ready: 1 or 0."}, is_ready ? 1 : 0);
    sources.requests.write(page);
    write_traffic(page, sources.traffic);
    std::vector<Pool> pools{{"primary", sources.database}};
    if (const Database* replica = sources.replica.pool()) pools.push_back({"replica", *replica});
    write_pools(page, pools);
    write_streams(page, sources.streams);
    write_database(page, sources.monitor);
    write_process(page);
    return page.text();
}

} // namespace auxeira::api
