// The metrics of a founder whose company is of a certain kind.
#pragma once

#include <vector>

#include "synthesis/company.hpp"

namespace auxeira::synthesis {

// Those of the catalogue, with the levels of the company's stage, business model and region. Without a stage,
// those of the catalogue.
std::vector<Metric> metrics_of(const Config& config, const Dashboard& dashboard);

} // namespace auxeira::synthesis
