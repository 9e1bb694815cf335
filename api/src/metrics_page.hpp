// The page that Prometheus reads.
#pragma once

#include "connection.hpp"
#include "database.hpp"
#include "monitor.hpp"
#include "replica.hpp"
#include "request_figures.hpp"
#include "streams.hpp"

#include <string>

namespace auxeira::api {

struct MetricsSources {
    const RequestFigures& requests;
    const Traffic& traffic;
    const Database& database;
    const Replica& replica;
    const Monitor& monitor;
    const Streams& streams;
};

std::string metrics_page(const MetricsSources& sources);

} // namespace auxeira::api
