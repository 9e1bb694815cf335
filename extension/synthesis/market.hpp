// What the market gives a company, month by month: the customers and the revenue it would have if customers
// came in fractions, and the rates behind them.
#pragma once

#include <vector>

#include "synthesis/months.hpp"

namespace auxeira::synthesis {

class Market {
public:
    Market(const MonthsConfig& config, const Company& company, std::int32_t lead_in);

    Fixed growth;    // log2 of the revenue a month, on average
    Fixed growth_z;  // how it stands among others of the stage, in standard deviations
    Fixed churn;     // the share of customers who leave in a month
    Fixed expansion; // by how much the others pay more, net, as a share
    Fixed arpa;      // log2 of cents, at the end
    Fixed mrr_z;
    std::vector<Fixed> customers; // log2
    std::vector<Fixed> mrr;       // log2 of cents

private:
    void draw_rates(const Company& company, const Stream& stream) noexcept;
    void run(std::vector<Fixed> steps, std::int32_t lead_in);

    Fixed level_ = 0; // log2 of the revenue at the end
    Fixed won_ = 0;   // new customers in a month, as a share
};

// The calendar month of a time, as months since January of the year 0.
std::int32_t month_of(std::int64_t time) noexcept;

} // namespace auxeira::synthesis
