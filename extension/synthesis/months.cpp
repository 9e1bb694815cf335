#include "synthesis/months.hpp"

#include <algorithm>

#include "synthesis/market.hpp"
#include "synthesis/path.hpp"
#include "synthesis/reader.hpp"

namespace auxeira::synthesis {

namespace {

constexpr std::int32_t lead_in = 12; // months before the window, so that its first row has a year behind it

// What can be stored: an integer, and a numeric(15, 2) in cents.
constexpr std::int64_t greatest_count = std::numeric_limits<std::int32_t>::max();
constexpr Amount greatest_amount = 999'999'999'999'999;
constexpr Wide greatest_growth = Wide{1} << 61; // times 2^48, of a year

// What is drawn in a month: the position in a stream is the month and one of these.
enum Draw : std::uint64_t {
    lost_young,
    lost_settled,
    returned,
    expanded,
    contracted,
    spent,
    sold,
    margin,
    left_people,
    round_size,
    value,
    score,
    environment,
    society,
    rule,
    reach,
    emission,
    price
};

std::int64_t times(std::int64_t amount, Fixed factor) noexcept {
    return static_cast<std::int64_t>((static_cast<Wide>(amount) * factor + one / 2) >> fraction_bits);
}

// numerator / denominator * unit, rounded half away from zero.
std::int64_t quotient(Wide numerator, Wide denominator, std::int64_t unit) noexcept {
    const Wide doubled = 2 * numerator * unit;
    const Wide half = (doubled < 0) == (denominator < 0) ? denominator : -denominator;
    return static_cast<std::int64_t>((doubled + half) / (2 * denominator));
}

Ratio ratio(Wide numerator, Wide denominator, std::int64_t unit) noexcept {
    if (denominator == 0) return std::nullopt;
    return quotient(numerator, denominator, unit);
}

double constant(std::string_view name) noexcept {
    return calibrated("company", "all", name);
}

// The value, unless it is greater than what can be stored.
std::int64_t storable(std::string_view column, Wide value, Wide most, std::int32_t month) {
    if (value <= most && value >= -most) return static_cast<std::int64_t>(value);
    const std::string number = std::to_string(month % 12 + 1);
    throw Rejection(Reason::out_of_range, "the numbers of the company are too large",
                    {{std::string(column), "is more than can be stored in " + std::to_string(month / 12) +
                                               (number.size() < 2 ? "-0" : "-") + number}},
                    "Ask for fewer months, less variance or another trend.");
}

struct Limit {
    std::string_view column;
    std::int64_t Month::*value;
    std::int64_t most;
};
constexpr Limit limits[] = {{"customers", &Month::customers, greatest_count},
                            {"mrr", &Month::mrr, greatest_amount},
                            {"arr", &Month::arr, greatest_amount},
                            {"operating_outflow", &Month::operating_outflow, greatest_amount},
                            {"financing", &Month::financing, greatest_amount},
                            {"cash", &Month::cash, greatest_amount},
                            {"headcount", &Month::headcount, greatest_count}};

// By how much more people, as log2, a company wants so many months after a round: from the second month on,
// the most in the seventh, and in the end no more than others.
Fixed hiring_after(std::int64_t months) noexcept {
    if (months < 2) return 0;
    if (months < 7) return one * (months - 1) / 24;
    return std::max<Fixed>(one / 4 - one * (months - 6) / 96, 0);
}

// The state of a company, stepped month by month.
class Books {
public:
    // `end` is the month in which it closes, counted from the first.
    Books(const MonthsConfig& config, const Company& company, std::int64_t end)
        : config_(config), company_(company), end_(end), market_(config, company, lead_in),
          stream_(config.seed, config.org, "months"), origin_(config.seed, config.org, "levels"),
          variance_(to_fixed(config.variance)) {
        start();
    }

    Month next();

private:
    void start();
    Fixed draw(Draw what) const noexcept { return stream_.heavy(position(what)); }
    std::uint64_t position(Draw what) const noexcept {
        return static_cast<std::uint64_t>(month_.month) << 8 | static_cast<std::uint64_t>(what);
    }
    Fixed price_level() const noexcept { return to_fixed(calibrated(company_.region, "price_level")); }
    Stage stage_at(std::size_t index) const noexcept;
    std::int64_t storable(std::string_view column, Wide value, Wide most) const {
        return synthesis::storable(column, value, most, month_.month);
    }
    void check_market() const;
    void check_size() const;
    void move_customers();
    void move_revenue();
    Amount kept_revenue() const noexcept;
    void split_revenue(Amount price, Amount kept);
    void hire();
    void spend();
    void finance();
    void settle() noexcept;
    bool finds_no_money() const noexcept;
    Amount round_of(Stage stage) const noexcept;
    void rate();
    void remember();
    Ratio retention(const std::array<Fixed, 12>& steps) const;
    Fixed drifting(Draw what) const noexcept;
    void rate_conduct();
    void reach_people();

    MonthsConfig config_;
    Company company_;
    std::int64_t end_;
    Market market_;
    Stream stream_, origin_;
    Fixed variance_;
    std::size_t index_ = 0;
    Month month_{}, before_{};
    std::int64_t young_ = 0; // customers of their first months
    Fixed cost_ = 0;         // log2 of cents for a person in a month
    Fixed team_ = 0;         // log2 of the people at the end
    std::int32_t since_round_ = 24;
    std::array<Amount, 3> burns_{};
    std::array<Fixed, 12> kept_{}, grown_{};
    std::int64_t thousandths_of_lives_ = 0;
};

Stage Books::stage_at(std::size_t index) const noexcept {
    Stage stage = company_.stage;
    Fixed level = market_.mrr.back();
    while (stage != Stage::pre_seed) {
        const auto lower = static_cast<Stage>(static_cast<int>(stage) - 1);
        level -= log2_of(calibrated(stage, "mrr")) - log2_of(calibrated(lower, "mrr"));
        const Fixed half = (log2_of(calibrated(stage, "mrr")) - log2_of(calibrated(lower, "mrr"))) / 2;
        if (market_.mrr[index] > level + half) break;
        stage = lower;
    }
    return stage;
}

void Books::start() {
    const auto spread = [&](std::string_view name, std::uint64_t at) {
        return multiply(multiply(to_fixed(constant(name)), origin_.normal(at)), log2_e);
    };
    month_.month = month_of(config_.as_of) - config_.months - lead_in;
    check_market();
    month_.stage = stage_at(0);
    const Fixed z = Share::of(constant("team_with_mrr"), 0).mix(market_.mrr_z, origin_.normal(0));
    team_ = log2_of(calibrated(company_.stage, "team")) +
            multiply(multiply(to_fixed(constant("team_spread")), z), log2_e);
    cost_ = log2_of(calibrated(month_.stage, "cost_per_person")) + log2_fixed(price_level()) + log2_of(100) +
            spread("cost_spread", 1);
    if (!company_.pre_revenue) month_.customers = exp2(market_.customers.front());
    if (month_.customers > 0) {
        month_.arpa = std::max<Amount>(quotient(exp2(market_.mrr.front()), month_.customers, 1), 1);
        month_.mrr = month_.customers * *month_.arpa;
    }
    young_ = month_.customers / 5;
    const Fixed people = team_ + multiply(to_fixed(0.6), market_.mrr.front() - market_.mrr.back());
    month_.headcount = storable("headcount", std::max<std::int64_t>(exp2(people), 1), greatest_count);
    const Amount outflow = times(month_.headcount, power_of_two(cost_ - 16 * one)) << 16;
    const Fixed years = 8 * one + 12 * origin_.uniform(2);
    month_.cash = std::max<Amount>(times(std::max(outflow - month_.mrr, outflow / 4), years), 100'000);
    burns_.fill(std::max<Amount>(outflow - month_.mrr, 0));
}

Month Books::next() {
    before_ = month_;
    month_ = Month{};
    month_.month = before_.month + 1;
    month_.stage = std::max(stage_at(index_), before_.stage);
    month_.headcount = before_.headcount;
    month_.cash = before_.cash;
    month_.lives_reached = before_.lives_reached;
    check_market();
    move_customers();
    move_revenue();
    hire();
    spend();
    finance();
    rate();
    rate_conduct();
    reach_people();
    check_size();
    remember();
    ++index_;
    return month_;
}

// What is multiplied on the way to the books must fit as well.
void Books::check_market() const {
    static const Fixed most_customers = log2(greatest_count), most_revenue = log2(greatest_amount);
    storable("customers", std::max<Fixed>(market_.customers[index_], 0), most_customers);
    storable("mrr", std::max<Fixed>(market_.mrr[index_], 0), most_revenue);
}

void Books::check_size() const {
    for (const auto& [column, value, most] : limits)
        storable(column, month_.*value, most);
    storable("pre_money", month_.pre_money.value_or(0), greatest_amount);
}

// New customers leave more readily than those who stayed for half a year.
void Books::move_customers() {
    const Fixed churn = market_.churn;
    const std::int64_t settled = before_.customers - young_;
    const std::int64_t lost_now =
        binomial(young_, std::min(multiply(churn, to_fixed(1.3)), one), stream_.bits(position(lost_young)));
    const std::int64_t lost_then =
        binomial(settled, multiply(churn, to_fixed(0.93)), stream_.bits(position(lost_settled)));
    month_.customers = company_.pre_revenue ? 0 : exp2(market_.customers[index_]);
    month_.lost_customers = std::max(lost_now + lost_then, before_.customers - month_.customers);
    month_.new_customers = month_.customers - before_.customers + month_.lost_customers;
    young_ = std::clamp<std::int64_t>(young_ - lost_now, 0, before_.customers - month_.lost_customers);
    young_ += month_.new_customers - young_ / 6;
}

// Those who stay pay a little more; what is then missing to the revenue that the market gives, the new ones
// pay.
void Books::move_revenue() {
    if (month_.customers == 0) {
        month_.churned_mrr = before_.mrr;
        return;
    }
    const Amount kept = kept_revenue();
    const Fixed list = exp2(market_.mrr[index_] - market_.customers[index_]);
    const Amount usual = before_.arpa.value_or(list);
    const Fixed swing = one + multiply(std::min(one, 5 * variance_), draw(expanded) / 2);
    const Amount grown = times(kept, one + multiply(market_.expansion, swing));
    const Amount target = exp2(market_.mrr[index_]);
    Amount price = 0;
    Wide total = grown;
    if (month_.new_customers > 0) {
        price = std::clamp(quotient(target - grown, month_.new_customers, 1), usual * 2 / 5 + 1,
                           usual * 5 / 2 + 1);
        total += static_cast<Wide>(month_.new_customers) * price;
    } else {
        total += std::clamp((target - grown) / 3, -grown / 50, grown / 50);
    }
    month_.arpa = std::max<Amount>(quotient(storable("mrr", total, greatest_amount), month_.customers, 1), 1);
    month_.mrr = storable("mrr", static_cast<Wide>(month_.customers) * *month_.arpa, greatest_amount);
    split_revenue(price, kept);
}

// Those who leave pay less than those who stay, so that less revenue is lost than customers.
Amount Books::kept_revenue() const noexcept {
    if (month_.lost_customers == before_.customers) return 0;
    const Fixed price = to_fixed(calibrated("churn", "all", "price_of_leavers"));
    return before_.mrr - times(month_.lost_customers * before_.arpa.value_or(0), price);
}

// The five movements; what is neither new nor lost is expansion or contraction.
void Books::split_revenue(Amount price, Amount kept) {
    const std::int64_t back =
        binomial(month_.new_customers, to_fixed(0.04), stream_.bits(position(returned)));
    month_.churned_mrr = before_.mrr - kept;
    month_.reactivation_mrr = back * price;
    month_.new_mrr = (month_.new_customers - back) * price;
    const Amount rest = month_.mrr - kept - month_.new_customers * price;
    const Fixed share = multiply(to_fixed(calibrated("churn", "all", "contraction")),
                                 exponential(multiply(to_fixed(0.4), draw(contracted))));
    month_.contraction_mrr = std::max(times(kept, share), -rest);
    month_.expansion_mrr = rest + month_.contraction_mrr;
}

// In steps, and with a delay after a round.
void Books::hire() {
    const Fixed relative = market_.mrr[index_] - market_.mrr.back();
    const Fixed boost = hiring_after(since_round_);
    const std::int64_t wanted =
        std::max<std::int64_t>(exp2(team_ + multiply(to_fixed(0.6), relative) + boost), 1);
    month_.leavers = binomial(before_.headcount - 1, to_fixed(0.012), stream_.bits(position(left_people)));
    const std::int64_t staying = before_.headcount - month_.leavers;
    const std::int64_t step = wanted - staying;
    const bool acts = std::abs(step) * 25 >= staying || step > 2;
    if (acts && step > 0) month_.hires = std::min(step, std::max<std::int64_t>(staying / 8, 1));
    if (acts && step < 0) {
        const std::int64_t fired = std::min(-step, std::max<std::int64_t>(staying / 10, 1));
        month_.leavers += std::min(fired, staying - 1);
    }
    month_.headcount = before_.headcount + month_.hires - month_.leavers;
}

void Books::spend() {
    const Fixed usual = log2_of(calibrated(month_.stage, "cost_per_person")) + log2_fixed(price_level()) +
                        log2_of(100) +
                        multiply(multiply(to_fixed(constant("cost_spread")), origin_.normal(1)), log2_e);
    cost_ += (usual - cost_) / 8;
    const Fixed swing = multiply(std::min(to_fixed(0.12), variance_ / 4), draw(spent));
    month_.revenue = month_.mrr;
    month_.arr = 12 * month_.mrr;
    const Fixed gross = to_fixed(calibrated(company_.business_model, "gross_margin")) +
                        origin_.normal(3) / 25 + draw(margin) / 100;
    month_.cogs = times(month_.revenue, one - std::clamp(gross, to_fixed(0.3), to_fixed(0.95)));
    const Amount people =
        times(month_.headcount << 12, power_of_two(cost_ + multiply(swing, log2_e) - 12 * one));
    month_.operating_outflow = std::max(people, month_.cogs * 3 / 2);
    if (finds_no_money()) {
        month_.operating_outflow = std::min(month_.operating_outflow, month_.revenue + before_.cash);
    }
    const Fixed selling =
        multiply(to_fixed(calibrated(company_.business_model, "selling_share")), one + draw(sold) / 12);
    month_.sales_marketing = std::min(times(month_.operating_outflow, std::max<Fixed>(selling, 0)),
                                      month_.operating_outflow - month_.cogs);
    month_.net_burn = month_.operating_outflow - month_.revenue;
}

Amount Books::round_of(Stage stage) const noexcept {
    const Fixed scatter = multiply(multiply(to_fixed(constant("round_spread")), draw(round_size)), log2_e);
    return exp2(log2_of(calibrated(stage, "round")) + log2_of(100) + log2_fixed(price_level()) + scatter);
}

// A round is raised when the stage is reached, or before the cash is gone; amounts are in whole thousands.
void Books::finance() {
    ++since_round_;
    const Amount need = std::max<Amount>(month_.net_burn, 0);
    const bool advances = month_.stage > before_.stage;
    const std::int64_t least = 4 + static_cast<std::int64_t>(origin_.bits(4) % 4);
    if (finds_no_money()) return settle();
    if (advances || before_.cash - need < least * need) {
        constexpr Amount thousand = 100'000;
        Amount size = advances ? round_of(month_.stage) : round_of(month_.stage) / 2;
        size = std::max(size, 14 * need);
        month_.financing = (size / thousand + 1) * thousand;
        const Fixed scatter = multiply(multiply(to_fixed(constant("pre_money_spread")), draw(value)), log2_e);
        const Fixed level = log2_of(calibrated(month_.stage, "pre_money")) + log2_of(100) +
                            log2_of(calibrated(company_.region, "capital_level"));
        month_.pre_money = std::max(exp2(level + scatter), 2 * month_.financing) / thousand * thousand;
        since_round_ = 0;
    }
    settle();
}

void Books::settle() noexcept {
    month_.cash = before_.cash - month_.net_burn + month_.financing;
}

// Nobody puts money into a company in its last half year; it spends what it has.
bool Books::finds_no_money() const noexcept {
    return static_cast<std::int64_t>(index_) - lead_in + 1 > end_ - 6;
}

void Books::remember() {
    std::rotate(burns_.begin(), burns_.end() - 1, burns_.end());
    burns_[0] = month_.net_burn;
    const Amount burn = burns_[0] + burns_[1] + burns_[2];
    if (burn > 0) month_.runway_months = quotient(3 * static_cast<Wide>(month_.cash), burn, 10);
    std::rotate(kept_.begin(), kept_.end() - 1, kept_.end());
    std::rotate(grown_.begin(), grown_.end() - 1, grown_.end());
    kept_[0] = grown_[0] = 0;
    if (before_.mrr == 0) return;
    const Amount kept = before_.mrr - month_.churned_mrr - month_.contraction_mrr;
    kept_[0] = divide(kept, before_.mrr);
    const Wide grown = static_cast<Wide>(kept) + month_.expansion_mrr + month_.reactivation_mrr;
    grown_[0] = storable("nrr_12m", (grown << fraction_bits) / before_.mrr, greatest_growth);
}

void Books::rate() {
    const Ratio arpa = month_.arpa;
    month_.gross_margin = ratio(month_.revenue - month_.cogs, month_.revenue, 10'000);
    month_.logo_churn = ratio(month_.lost_customers, before_.customers, 1'000'000);
    month_.cac = ratio(month_.sales_marketing, month_.new_customers, 1);
    if (arpa && month_.logo_churn) {
        // No customer is worth more than five years.
        const Wide monthly = static_cast<Wide>(*arpa) * *month_.gross_margin;
        const bool long_lived = *month_.logo_churn * 60 < 1'000'000;
        month_.ltv =
            long_lived ? quotient(monthly * 60, 10'000, 1) : quotient(monthly * 100, *month_.logo_churn, 1);
    }
    if (month_.ltv && month_.cac && *month_.cac > 0) month_.ltv_cac = quotient(*month_.ltv, *month_.cac, 100);
    if (arpa && month_.cac) {
        month_.cac_payback_months = ratio(static_cast<Wide>(*month_.cac) * 10'000,
                                          static_cast<Wide>(*arpa) * *month_.gross_margin, 10);
    }
    month_.quick_ratio =
        ratio(month_.new_mrr + month_.expansion_mrr, month_.churned_mrr + month_.contraction_mrr, 100);
    const Amount added = month_.arr - 12 * before_.mrr;
    if (added > 0 && month_.net_burn > 0) month_.burn_multiple = quotient(month_.net_burn, added, 100);
    month_.grr_12m = retention(kept_);
    month_.nrr_12m = retention(grown_);
}

Ratio Books::retention(const std::array<Fixed, 12>& steps) const {
    Wide product = one;
    for (const Fixed step : steps)
        product = storable("nrr_12m", (product * step) >> fraction_bits, greatest_growth);
    if (product == 0) return std::nullopt;
    return static_cast<std::int64_t>((product * 10'000 + one / 2) >> fraction_bits);
}

// Two points up or down, slowly.
Fixed Books::drifting(Draw what) const noexcept {
    constexpr std::uint64_t months = 8;
    Fixed sum = 0;
    for (std::uint64_t back = 0; back < months; ++back)
        sum += stream_.heavy(position(what) - (back << 8));
    return multiply(std::min(one, 5 * variance_), multiply(sum, to_fixed(0.7)));
}

// The score is the better the faster the company grows; the others rise by half a point in ten months.
void Books::rate_conduct() {
    const auto points = [](Fixed value) { return std::clamp<std::int64_t>(times(100, value), 100, 9'900); };
    const std::int64_t left = config_.months + lead_in - 1 - static_cast<std::int64_t>(index_);
    const Fixed z = Share::of(constant("sse_with_growth"), 0).mix(market_.growth_z, origin_.normal(5));
    const Fixed level = to_fixed(calibrated(company_.stage, "sse"));
    month_.sse_score = points(level + multiply(to_fixed(constant("sse_spread")), z) -
                              5 * market_.growth * left + drifting(score));
    const auto conduct = [&](double usual, std::uint64_t at, Draw what) {
        return points(to_fixed(usual) + 9 * origin_.normal(at) - one * left / 20 + drifting(what));
    };
    month_.environmental = conduct(calibrated(company_.industry, "environmental"), 6, environment);
    month_.social = conduct(constant("social"), 7, society);
    month_.governance = conduct(constant("governance"), 8, rule);
}

void Books::reach_people() {
    const auto emitted = [&](std::string_view name) {
        return times(1000 * month_.headcount,
                     multiply(to_fixed(calibrated(company_.industry, name)),
                              exponential(origin_.normal(9) / 4 + drifting(emission) / 20)));
    };
    month_.scope1_tco2e = emitted("scope1_per_person");
    month_.scope2_tco2e = emitted("scope2_per_person");
    const Fixed people = multiply(to_fixed(calibrated(company_.business_model, "lives_per_customer")),
                                  exponential(origin_.normal(10) / 2));
    month_.lives_reached += times(month_.new_customers, people);
    const Fixed share = std::clamp(one / 2 + origin_.normal(11) / 12 + drifting(reach) / 100, one / 5, one);
    month_.beneficiaries = times(month_.lives_reached, share);
}

// In which month the company closes.
std::int64_t end_of(const MonthsConfig& config, const Company& company) noexcept {
    if (config.ends) return config.months;
    if (!config.survival) return std::numeric_limits<std::int32_t>::max();
    const Stream life(config.seed, config.org, "life");
    return geometric(closing_chance(company.stage), life.bits(0));
}

} // namespace

MonthsConfig check(const MonthsRequest& request) {
    constexpr std::int64_t most_months = 1200;
    Reader reader;
    MonthsConfig config{};
    config.seed = reader.seed(request.seed);
    config.months = static_cast<std::int32_t>(reader.whole("months", request.months, most_months));
    config.variance = reader.fraction("variance", request.variance);
    config.trend = reader.optional_choice<Trend>("trend", request.trend, trend_names);
    reader.window(request.as_of, (config.months + lead_in + 1) * std::int64_t{31});
    config.profile =
        read_profile(reader, request.stage, request.industry, request.region, request.business_model);
    reader.finish();
    config.org = request.org;
    config.as_of = request.as_of;
    config.survival = request.survival;
    config.ends = request.ends;
    return config;
}

std::vector<Month> make_months(const MonthsConfig& config) {
    const Company company = draw_company(config.seed, config.org, config.profile);
    const std::int64_t end = end_of(config, company);
    Books books(config, company, end);
    std::vector<Month> months;
    for (std::int32_t j = 0; j < lead_in; ++j)
        books.next();
    for (std::int32_t j = 1; j <= config.months; ++j) {
        months.push_back(books.next());
        months.back().is_closed = j == end;
        if (months.back().is_closed) break;
    }
    return months;
}

} // namespace auxeira::synthesis
