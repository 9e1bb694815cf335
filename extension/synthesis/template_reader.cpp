#include "synthesis/template_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "synthesis/derived.hpp"

namespace auxeira::synthesis {

namespace {

using Names = std::span<const std::string_view>;

constexpr double infinity = std::numeric_limits<double>::infinity();

// What levels and bounds may be, and what they may be in units of the last decimal: the trend, the noise and
// a century of accumulating stay within 64 bits.
constexpr double greatest_number = 1e12;
constexpr double greatest_scaled = 1e15;
constexpr double greatest_accumulated = 1e9;
constexpr int most_decimals = 6;

constexpr std::string_view types[] = {"integer", "number"};
constexpr std::string_view kinds[] = {"stock", "flow", "ratio", "score", "cumulative", "ytd", "streak"};
constexpr std::string_view directions[] = {"up", "down"};
constexpr std::string_view distributions[] = {"lognormal", "normal", "uniform", "constant", "poisson"};
constexpr std::string_view trends[] = {"improving", "declining", "stable", "volatile"};

std::string listed(Names names, std::string_view last_joint = ", ") {
    std::string all;
    for (std::size_t j = 0; j < names.size(); ++j) {
        if (j > 0) all += j + 1 == names.size() ? last_joint : std::string_view(", ");
        all += names[j];
    }
    return all;
}

std::string show(double value) {
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

// --- Models ------------------------------------------------------------------------------------------------

// What a rule of a model may say beside its bounds.
struct Model {
    std::string_view name;
    Rule rule;
    bool has_level = false, has_ceiling = false;
    bool has_noise = false; // follows the trend and the variance
    bool has_correlation = false;
    bool is_level_a_value = false; // the level is one of the metric itself, not a rate or a share
    bool has_pace = false;
    bool needs_of = false, may_have_of = false, may_have_less = false;
};

// clang-format off
constexpr Model models[] = {
    {.name = "path", .rule = Rule::moves, .has_level = true, .has_ceiling = true, .has_noise = true,
     .has_correlation = true, .is_level_a_value = true},
    {.name = "draw", .rule = Rule::draw, .has_level = true, .has_noise = true, .is_level_a_value = true},
    {.name = "accumulates", .rule = Rule::accumulates, .has_level = true, .has_noise = true,
     .has_correlation = true, .is_level_a_value = true, .has_pace = true, .may_have_of = true},
    {.name = "year_to_date", .rule = Rule::year_to_date, .has_level = true, .has_noise = true,
     .has_correlation = true},
    {.name = "streak", .rule = Rule::streak, .has_level = true, .is_level_a_value = true},
    {.name = "part", .rule = Rule::part, .has_level = true, .has_ceiling = true, .has_noise = true,
     .has_correlation = true, .needs_of = true, .may_have_of = true, .may_have_less = true},
    {.name = "purchases", .rule = Rule::purchases, .has_level = true, .has_noise = true, .needs_of = true,
     .may_have_of = true},
    {.name = "expression", .rule = Rule::expression},
};
// clang-format on

constexpr auto model_names = [] {
    std::array<std::string_view, std::size(models)> names;
    for (std::size_t j = 0; j < names.size(); ++j)
        names[j] = models[j].name;
    return names;
}();

const Model& model_of(Rule rule) noexcept {
    return *std::find_if(std::begin(models), std::end(models),
                         [rule](const Model& each) { return each.rule == rule; });
}

// Models that keep the promise of a kind: a cumulative metric never falls. What is computed is watched.
struct KindModels {
    Kind kind;
    std::string_view by_default;
    std::array<std::string_view, 3> allowed;
};
constexpr KindModels kind_models[] = {
    {Kind::cumulative, "accumulates", {"accumulates", "purchases", "expression"}},
    {Kind::ytd, "year_to_date", {"year_to_date", "expression"}},
    {Kind::streak, "streak", {"streak", "expression"}},
};

const KindModels* models_for(Kind kind) noexcept {
    const auto* const found = std::find_if(std::begin(kind_models), std::end(kind_models),
                                           [kind](const KindModels& each) { return each.kind == kind; });
    return found == std::end(kind_models) ? nullptr : found;
}

// --- Distributions
// -------------------------------------------------------------------------------------------

// The members that a distribution is told by: one pair or the other.
struct Shape {
    Distribution distribution;
    std::array<std::string_view, 2> members;
};
constexpr Shape shapes[] = {
    {Distribution::lognormal, {"low", "high"}}, {Distribution::lognormal, {"median", "sd"}},
    {Distribution::normal, {"low", "high"}},    {Distribution::normal, {"mean", "sd"}},
    {Distribution::uniform, {"low", "high"}},   {Distribution::constant, {"value"}},
    {Distribution::poisson, {"low", "high"}},   {Distribution::poisson, {"mean"}},
};
constexpr std::string_view level_members[] = {"low", "high", "median", "mean", "sd", "value"};

std::size_t size_of(const Shape& shape) noexcept {
    return shape.members[1].empty() ? 1 : 2;
}

bool names_member(const Shape& shape, std::string_view member) noexcept {
    return std::find(shape.members.begin(), shape.members.begin() + size_of(shape), member) !=
           shape.members.begin() + size_of(shape);
}

std::string shapes_of(Distribution distribution) {
    std::string all;
    for (const Shape& shape : shapes) {
        if (shape.distribution != distribution) continue;
        all += (all.empty() ? "" : ", or ") + listed(Names(shape.members).first(size_of(shape)), " and ");
    }
    return all;
}

// The number of the rule times e^exponent, by the integer functions of this room.
double times_exp(double value, double exponent) noexcept {
    constexpr double log2_e = 1.44269504088896341;
    const Fixed logarithm = log2(std::llround(value * 1048576.0)) + to_fixed(exponent * log2_e);
    return static_cast<double>(exp2(logarithm)) / 1048576.0;
}

constexpr double quantile = 2.5; // of low and high, in standard deviations

// --- Names
// -----------------------------------------------------------------------------------------------------

bool is_word(std::string_view name) noexcept {
    constexpr std::size_t longest = 63;
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    return !name.empty() && name.size() <= longest && letter(name[0]) &&
           std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

bool has_decimals(double value, int decimals) noexcept {
    if (!std::isfinite(value)) return true;
    const double scaled = value * ten_to(decimals);
    return std::abs(scaled - std::round(scaled)) < 1e-6;
}

} // namespace

// --- Faults
// ------------------------------------------------------------------------------------------------------

void FaultList::add(std::string path, std::string message) {
    if (all_.size() < most) {
        all_.push_back({std::move(path), std::move(message)});
    } else {
        ++dropped_;
    }
}

std::vector<Fault> FaultList::take() {
    if (dropped_ > 0) all_.push_back({"$", "and " + std::to_string(dropped_) + " faults more"});
    return std::move(all_);
}

// --- Sections
// ------------------------------------------------------------------------------------------------------

void Section::only(Names known, std::string_view reason) const {
    for (const std::string& name : object_.names) {
        if (std::find(known.begin(), known.end(), name) == known.end()) fault(name, std::string(reason));
    }
}

const Value* Section::object(std::string_view name, bool is_required) const {
    const Value* const value = object_.member(name);
    if (value == nullptr) {
        if (is_required) fault(name, "is missing");
        return nullptr;
    }
    if (value->kind == Value::Kind::object) return value;
    fault(name, "must be an object, not " + std::string(value->kind_name()));
    return nullptr;
}

std::optional<double> Section::number(std::string_view name, double least, double most) const {
    const Value* const value = object_.member(name);
    if (value == nullptr) return std::nullopt;
    if (value->kind != Value::Kind::number) {
        fault(name, "must be a number, not " + std::string(value->kind_name()));
    } else if (!(value->number >= least && value->number <= most)) {
        fault(name, show(value->number) + " is outside " + show(least) + " to " + show(most));
    } else {
        return value->number + 0.0; // -0 is 0
    }
    return std::nullopt;
}

std::optional<double> Section::whole(std::string_view name, double least, double most) const {
    const std::optional<double> value = number(name, least, most);
    if (!value || *value == std::floor(*value)) return value;
    fault(name, show(*value) + " is not a whole number");
    return std::nullopt;
}

std::optional<std::string_view> Section::text(std::string_view name, std::size_t longest) const {
    const Value* const value = object_.member(name);
    if (value == nullptr) return std::nullopt;
    if (value->kind != Value::Kind::text) {
        fault(name, "must be a string, not " + std::string(value->kind_name()));
    } else if (value->text.empty() || value->text.size() > longest) {
        fault(name, "must have 1 to " + std::to_string(longest) + " bytes, not " +
                        std::to_string(value->text.size()));
    } else {
        return value->text;
    }
    return std::nullopt;
}

std::optional<std::size_t> Section::choice(std::string_view name, Names choices) const {
    const Value* const value = object_.member(name);
    if (value == nullptr) return std::nullopt;
    const auto found = std::find(choices.begin(), choices.end(), value->text);
    if (value->kind != Value::Kind::text) {
        fault(name, "must be one of " + listed(choices) + ", not " + std::string(value->kind_name()));
    } else if (found == choices.end()) {
        fault(name, quoted(value->text) + " is not one of " + listed(choices));
    } else {
        return static_cast<std::size_t>(found - choices.begin());
    }
    return std::nullopt;
}

// --- The document
// ----------------------------------------------------------------------------------------------------

std::vector<Fault> TemplateReader::read() {
    if (document_.kind != Value::Kind::object) {
        faults_.add("$", "must be an object, not " + std::string(document_.kind_name()));
        return faults_.take();
    }
    const Section root(document_, "", faults_);
    read_head(root);
    read_schema(root);
    read_rules(root);
    if (faults_.empty()) check_dependencies();
    if (faults_.empty()) check_correlations();
    if (faults_.empty()) check_expressions();
    read_validation(root);
    read_defaults(root);
    result_.dashboard_.metrics = result_.metrics_;
    return faults_.take();
}

// All the columns of the tables of templates may be there, so that a row can be checked as it is.
void TemplateReader::read_head(const Section& root) {
    static constexpr std::string_view known[] = {
        "template_id", "org_id",           "template_name", "template_type",      "user_type",  "description",
        "data_schema", "generation_rules", "sample_data",   "validation_rules",   "version",    "is_active",
        "created_by",  "created_at",       "updated_at",    "default_parameters", "usage_count"};
    std::vector<std::string_view> user_types;
    for (const Dashboard& each : catalogue())
        user_types.push_back(each.name);
    root.only(known);
    root.text("template_name", 255);
    if (!root.has("user_type")) root.fault("user_type", "is missing");
    if (const auto kind = root.choice("user_type", user_types)) {
        result_.dashboard_.name = user_types[*kind];
        result_.defaults_.user_type = user_types[*kind];
    }
    result_.dashboard_.algorithm = "template_v1";
    result_.defaults_.data_type = "metrics";
}

void TemplateReader::read_schema(const Section& root) {
    const Value* const schema = root.object("data_schema");
    if (schema == nullptr) return;
    if (schema->items.empty()) root.fault("data_schema", "names no metric");
    if (schema->items.size() > Template::most_metrics) {
        return root.fault("data_schema", "has " + std::to_string(schema->items.size()) +
                                             " metrics, at most " + std::to_string(Template::most_metrics) +
                                             " are allowed");
    }
    const Section section(*schema, "data_schema", faults_);
    result_.metrics_.resize(schema->items.size());
    for (std::size_t column = 0; column < schema->items.size(); ++column) {
        names_.push_back(keep(schema->names[column]));
        read_metric(section, column);
    }
}

void TemplateReader::read_metric(const Section& schema, std::size_t column) {
    static constexpr std::string_view known[] = {"type", "unit", "kind", "decimals"};
    const std::string_view name = names_[column];
    Metric& metric = result_.metrics_[column];
    metric.name = name;
    metric.maximum = metric.ceiling = no_limit;
    if (!is_word(name))
        schema.fault(name, "a name has 1 to 63 letters (a to z), digits and _, no digit first");
    if (Expression::is_reserved(name)) schema.fault(name, "means something else in expressions");
    const Value* const value = schema.object(name);
    if (value == nullptr) return;
    const Section section(*value, schema.path_to(name), faults_);
    section.only(known);
    if (!section.has("type")) section.fault("type", "is missing");
    const bool is_integer = section.choice("type", types) == std::size_t{0};
    const auto decimals = section.whole("decimals", 0, most_decimals);
    if (is_integer && decimals.value_or(0) > 0) section.fault("decimals", "an integer has none");
    metric.decimals = is_integer ? 0 : static_cast<int>(decimals.value_or(2));
    metric.unit = keep(section.text("unit", 100).value_or(""));
    metric.kind = static_cast<Kind>(section.choice("kind", kinds).value_or(0));
    if (metric.kind == Kind::streak && !is_integer) section.fault("type", "a streak is an integer");
}

// --- Rules
// -----------------------------------------------------------------------------------------------------------

void TemplateReader::read_rules(const Section& root) {
    const Value* const rules = root.object("generation_rules");
    if (rules == nullptr) return;
    const Section section(*rules, "generation_rules", faults_);
    section.only(names_, "is not a metric of data_schema");
    for (std::size_t column = 0; column < names_.size(); ++column) {
        const Value* const rule = section.object(names_[column]);
        if (rule != nullptr) read_rule(Section(*rule, section.path_to(names_[column]), faults_), column);
    }
}

void TemplateReader::read_rule(const Section& rule, std::size_t column) {
    Metric& metric = result_.metrics_[column];
    read_model(rule, metric);
    read_bounds(rule, metric);
    const Model& model = model_of(metric.motion.rule);
    if (metric.motion.rule == Rule::expression) return read_expression(rule, column);
    if (model.has_level) read_level(rule, metric);
    metric.motion.pace = rule.number("pace", 0, 100).value_or(model.has_pace ? 1 : 0);
    const bool follows = metric.motion.rule != Rule::draw;
    metric.motion.response = rule.number("trendResponse", 0, 1).value_or(model.has_noise && follows ? 1 : 0);
    read_references(rule, metric);
    if (model.has_correlation) read_correlation(rule, column);
}

void TemplateReader::read_model(const Section& rule, Metric& metric) {
    const KindModels* const of_kind = models_for(metric.kind);
    std::string_view name = rule.has("expression") ? "expression" : of_kind ? of_kind->by_default : "path";
    if (const auto chosen = rule.choice("model", model_names)) name = model_names[*chosen];
    const bool is_allowed = of_kind == nullptr || std::find(of_kind->allowed.begin(), of_kind->allowed.end(),
                                                            name) != of_kind->allowed.end();
    if (!is_allowed) {
        rule.fault("model",
                   quoted(name) + " does not make a metric of kind " + std::string(name_of(metric.kind)));
    }
    const Model& model = *std::find_if(std::begin(models), std::end(models),
                                       [name](const Model& each) { return each.name == name; });
    metric.motion.rule = model.rule;
    std::vector<std::string_view> known = {"model", "minimum", "maximum", "goodDirection"};
    const auto allow = [&known](bool is_known, std::initializer_list<std::string_view> members) {
        if (is_known) known.insert(known.end(), members);
    };
    allow(model.rule == Rule::expression, {"expression"});
    allow(model.has_level, {"distribution", "low", "high", "median", "mean", "sd", "value"});
    allow(model.has_noise, {"trendResponse"});
    allow(model.has_ceiling, {"ceiling"});
    allow(model.has_correlation, {"correlation"});
    allow(model.has_pace, {"pace"});
    allow(model.may_have_of, {"of"});
    allow(model.may_have_less, {"less"});
    rule.only(known, "is not known to the model " + std::string(name));
}

void TemplateReader::read_bounds(const Section& rule, Metric& metric) {
    const auto bound = [&](std::string_view name, double otherwise) {
        const double value = rule.number(name, -greatest_number, greatest_number).value_or(otherwise);
        if (!has_decimals(value, metric.decimals)) {
            rule.fault(name, show(value) + " has more than " + std::to_string(metric.decimals) + " decimals");
        }
        return value;
    };
    metric.minimum = bound("minimum", 0);
    metric.maximum = bound("maximum", no_limit);
    metric.ceiling = rule.number("ceiling", -greatest_number, greatest_number).value_or(no_limit);
    metric.good_direction = static_cast<Direction>(rule.choice("goodDirection", directions).value_or(0));
    if (metric.minimum > metric.maximum) {
        rule.fault("minimum", show(metric.minimum) + " is above the maximum " + show(metric.maximum));
    }
}

// --- Levels
// ------------------------------------------------------------------------------------------------------------

void TemplateReader::read_level(const Section& rule, Metric& metric) {
    const auto chosen = rule.choice("distribution", distributions);
    if (!chosen && rule.has("distribution")) return;
    metric.distribution = static_cast<Distribution>(chosen.value_or(0));
    const std::string name(distributions[static_cast<std::size_t>(metric.distribution)]);
    const Shape* told = nullptr;
    for (const Shape& shape : shapes) {
        const bool fits = shape.distribution == metric.distribution && rule.has(shape.members[0]);
        if (fits && told == nullptr) told = &shape;
    }
    if (told == nullptr) return rule.fault("distribution", name + " needs " + shapes_of(metric.distribution));
    for (const std::string_view member : level_members) {
        const bool is_named = names_member(*told, member);
        if (is_named && !rule.has(member))
            rule.fault(member, "is missing beside " + std::string(told->members[0]));
        if (!is_named && rule.has(member))
            rule.fault(member, name + " needs " + shapes_of(metric.distribution));
    }
    const auto first = rule.number(told->members[0], -greatest_number, greatest_number);
    const bool by_spread = told->members[1] == "sd";
    const bool is_log = metric.distribution == Distribution::lognormal;
    const auto second = size_of(*told) == 1 ? first
                        : by_spread         ? rule.number("sd", 0, is_log ? 5 : greatest_number)
                                            : rule.number("high", -greatest_number, greatest_number);
    if (!first || !second) return;
    metric.low = *first;
    metric.high = *second;
    if (by_spread && is_log && *first > 0) {
        metric.low = times_exp(*first, -quantile * *second);
        metric.high = times_exp(*first, quantile * *second);
    } else if (by_spread) {
        metric.low = *first - quantile * *second;
        metric.high = *first + quantile * *second;
    }
    check_level(rule, metric);
}

void TemplateReader::check_level(const Section& rule, const Metric& metric) {
    const Model& model = model_of(metric.motion.rule);
    const double origin = std::min(metric.minimum, 0.0);
    const bool is_drawn = metric.motion.rule == Rule::draw;
    const bool needs_log = !is_drawn || metric.distribution == Distribution::lognormal;
    const double most =
        (model.rule == Rule::accumulates ? greatest_accumulated : greatest_scaled) / ten_to(metric.decimals);
    const auto fault = [&rule](std::string_view message) {
        rule.fault("distribution", std::string(message));
    };
    if (metric.low > metric.high) {
        rule.fault("low", show(metric.low) + " is above high, " + show(metric.high));
    } else if (metric.distribution == Distribution::poisson && metric.low <= 0) {
        fault("a mean of counts must be above 0");
    } else if (needs_log && metric.low - origin < 1e-6) {
        fault("a level must be above " + show(origin) + ", and begins at " + show(metric.low));
    } else if (metric.high > most) {
        fault("a level of " + show(metric.high) + " is above " + show(most));
    }
    if (!model.is_level_a_value) return;
    if (metric.high < metric.minimum)
        rule.fault("minimum", "is above every level, which ends at " + show(metric.high));
    if (metric.low > metric.maximum)
        rule.fault("maximum", "is below every level, which begins at " + show(metric.low));
    if (metric.ceiling <= metric.low)
        rule.fault("ceiling", "is not above the level, which begins at " + show(metric.low));
    if (metric.ceiling != no_limit && metric.ceiling > metric.maximum)
        rule.fault("ceiling", "is above the maximum");
}

// --- Other metrics
// -------------------------------------------------------------------------------------------------------

std::size_t TemplateReader::column_of(std::string_view name) const noexcept {
    const auto found = std::find(names_.begin(), names_.end(), name);
    return found == names_.end() ? nowhere : static_cast<std::size_t>(found - names_.begin());
}

std::optional<std::string_view> TemplateReader::metric_named(const Section& rule, std::string_view member,
                                                             std::size_t self) {
    const auto name = rule.text(member, 63);
    if (!name) return std::nullopt;
    const std::size_t column = column_of(*name);
    if (column == nowhere) rule.fault(member, quoted(*name) + " is not a metric of data_schema");
    if (column == self) rule.fault(member, "is the metric itself");
    if (column == nowhere || column == self) return std::nullopt;
    return names_[column];
}

void TemplateReader::read_references(const Section& rule, Metric& metric) {
    const Model& model = model_of(metric.motion.rule);
    const std::size_t self = column_of(metric.name);
    if (model.needs_of && !rule.has("of")) rule.fault("of", "is missing: the metric it is computed from");
    if (model.may_have_of) metric.motion.of = metric_named(rule, "of", self).value_or("");
    if (model.may_have_less) metric.motion.by = metric_named(rule, "less", self).value_or("");
}

void TemplateReader::read_correlation(const Section& rule, std::size_t column) {
    static constexpr std::string_view known[] = {"with", "coefficient"};
    const Value* const value = rule.object("correlation", false);
    if (value == nullptr) return;
    const Section section(*value, rule.path_to("correlation"), faults_);
    section.only(known);
    for (const std::string_view member : known) {
        if (!section.has(member)) section.fault(member, "is missing");
    }
    Motion& motion = result_.metrics_[column].motion;
    motion.with = metric_named(section, "with", column).value_or("");
    motion.correlation = section.number("coefficient", -1, 1).value_or(0);
}

void TemplateReader::read_expression(const Section& rule, std::size_t column) {
    const auto text = rule.text("expression", Expression::longest);
    if (!text) {
        if (!rule.has("expression")) rule.fault("expression", "is missing");
        return;
    }
    Expression::Parsed parsed = Expression::parse(*text, names_);
    if (!parsed.expression) return rule.fault("expression", parsed.fault);
    result_.metrics_[column].motion.expression =
        &result_.expressions_.emplace_back(std::move(*parsed.expression));
}

std::string TemplateReader::rule_path(std::size_t column) const {
    return path_of("generation_rules", names_[column]);
}

// --- What only shows when all rules are known
// -----------------------------------------------------------------------------

namespace {

template <typename Of>
std::vector<std::size_t> inputs_of(const Metric& metric, Of column_of) {
    std::vector<std::size_t> all;
    if (metric.motion.expression != nullptr) all = metric.motion.expression->columns();
    for (const std::string_view name : {metric.motion.of, metric.motion.by}) {
        if (!name.empty()) all.push_back(column_of(name));
    }
    return all;
}

} // namespace

// Depth first; a metric met again on the way to it depends on itself.
bool TemplateReader::visit(std::size_t column, std::vector<std::size_t>& way, std::vector<char>& state) {
    constexpr char open = 1, done = 2;
    if (state[column] == done) return true;
    way.push_back(column);
    if (state[column] == open) return false;
    state[column] = open;
    const Metric& metric = result_.metrics_[column];
    for (const std::size_t input :
         inputs_of(metric, [this](std::string_view name) { return column_of(name); })) {
        if (!visit(input, way, state)) return false;
    }
    way.pop_back();
    state[column] = done;
    return true;
}

void TemplateReader::check_dependencies() {
    std::vector<char> state(names_.size(), 0);
    for (std::size_t column = 0; column < names_.size(); ++column) {
        std::vector<std::size_t> way;
        if (visit(column, way, state)) continue;
        const auto begin = std::find(way.begin(), way.end(), way.back());
        std::string circle;
        for (auto each = begin; each != way.end(); ++each)
            circle += (each == begin ? "" : ", ") + std::string(names_[*each]);
        const Metric& metric = result_.metrics_[*begin];
        const std::string_view member = metric.motion.expression != nullptr ? "expression" : "of";
        return faults_.add(path_of(rule_path(*begin), member), "depends on itself: " + circle);
    }
}

// One correlation for each metric, and no circle: every such set of coefficients is one that numbers can
// have.
void TemplateReader::check_correlations() {
    for (std::size_t column = 0; column < names_.size(); ++column) {
        const Motion& motion = result_.metrics_[column].motion;
        if (motion.with.empty()) continue;
        const std::string path = path_of(rule_path(column), "correlation") + ".with";
        std::size_t other = column_of(motion.with);
        if (!model_of(result_.metrics_[other].motion.rule).has_correlation) {
            faults_.add(path, quoted(motion.with) + " has no noise to be correlated with");
        }
        for (std::size_t steps = 0; other != nowhere && steps <= names_.size(); ++steps) {
            if (other == column) {
                faults_.add(path, "is correlated with the metric itself in a circle");
                break;
            }
            const std::string_view next = result_.metrics_[other].motion.with;
            other = next.empty() ? nowhere : column_of(next);
        }
    }
}

// An expression that cannot come to lie within its bounds would break them at every point.
void TemplateReader::check_expressions() {
    std::vector<Interval> bounds;
    for (const Metric& metric : result_.metrics_)
        bounds.push_back({metric.minimum, metric.maximum == no_limit ? infinity : metric.maximum});
    for (std::size_t column = 0; column < names_.size(); ++column) {
        const Metric& metric = result_.metrics_[column];
        if (metric.motion.expression == nullptr) continue;
        const Interval reached = metric.motion.expression->bounds(bounds);
        const double half = 0.5 / ten_to(metric.decimals);
        if (reached.low > metric.maximum + half || reached.high < metric.minimum - half) {
            faults_.add(path_of(rule_path(column), "expression"),
                        "lies in " + show(reached.low) + " to " + show(reached.high) +
                            ", outside the bounds " + show(metric.minimum) + " to " + show(metric.maximum));
        }
    }
}

// --- Validation and parameters
// -----------------------------------------------------------------------------------------------

void TemplateReader::read_validation(const Section& root) {
    static constexpr std::string_view known[] = {"identities", "ranges"};
    const Value* const rules = root.object("validation_rules", false);
    if (rules == nullptr) return;
    const Section section(*rules, "validation_rules", faults_);
    section.only(known);
    if (const Value* const ranges = section.object("ranges", false)) {
        read_ranges(Section(*ranges, section.path_to("ranges"), faults_));
    }
    const Value* const identities = rules->member("identities");
    if (identities == nullptr) return;
    if (identities->kind != Value::Kind::array) {
        return section.fault("identities", "must be an array, not " + std::string(identities->kind_name()));
    }
    if (identities->items.size() > Template::most_identities) {
        return section.fault("identities", "has " + std::to_string(identities->items.size()) +
                                               " items, at most " +
                                               std::to_string(Template::most_identities) + " are allowed");
    }
    for (std::size_t j = 0; j < identities->items.size(); ++j) {
        const std::string path = section.path_to("identities") + "[" + std::to_string(j) + "]";
        const Value& identity = identities->items[j];
        if (identity.kind == Value::Kind::object) {
            read_identity(Section(identity, path, faults_));
        } else {
            faults_.add(path, "must be an object, not " + std::string(identity.kind_name()));
        }
    }
}

void TemplateReader::read_identity(const Section& identity) {
    static constexpr std::string_view known[] = {"name", "expression", "tolerance"};
    identity.only(known);
    const auto name = identity.text("name", 100);
    const double tolerance = identity.number("tolerance", 0, greatest_number).value_or(0);
    const auto text = identity.text("expression", Expression::longest);
    if (!identity.has("expression")) identity.fault("expression", "is missing");
    if (!text) return;
    Condition::Parsed parsed = Condition::parse(*text, names_);
    if (!parsed.condition) return identity.fault("expression", parsed.fault);
    result_.identities_.push_back(
        {std::string(name.value_or("")), std::string(*text), std::move(*parsed.condition), tolerance});
}

void TemplateReader::read_ranges(const Section& ranges) {
    static constexpr std::string_view known[] = {"minimum", "maximum"};
    for (std::size_t j = 0; j < ranges.names().size(); ++j) {
        const std::string& name = ranges.names()[j];
        const std::size_t column = column_of(name);
        if (column == nowhere) ranges.fault(name, "is not a metric of data_schema");
        const Value* const value = ranges.object(name);
        if (value == nullptr) continue;
        const Section range(*value, ranges.path_to(name), faults_);
        range.only(known);
        const double least = range.number("minimum", -greatest_number, greatest_number).value_or(-infinity);
        const double most = range.number("maximum", -greatest_number, greatest_number).value_or(infinity);
        if (least > most) range.fault("minimum", show(least) + " is above the maximum " + show(most));
        if (column == nowhere) continue;
        const Metric& metric = result_.metrics_[column];
        if (least > metric.maximum || most < metric.minimum) {
            ranges.fault(name, "does not meet the bounds of its rule, " + show(metric.minimum) + " to " +
                                   show(metric.maximum));
        }
        result_.ranges_.push_back({column, least, most});
    }
}

void TemplateReader::read_defaults(const Section& root) {
    static constexpr std::string_view known[] = {
        "count",  "timeRangeDays", "variance",    "trend",    "stage",           "industry",
        "region", "businessModel", "missingRate", "lateRate", "restatementRate", "shockRate"};
    const Value* const parameters = root.object("default_parameters", false);
    if (parameters == nullptr) return;
    const Section section(*parameters, "default_parameters", faults_);
    Request& defaults = result_.defaults_;
    section.only(known);
    const auto whole = [&section](std::string_view name, double most) -> std::optional<std::int64_t> {
        const auto value = section.whole(name, 1, most);
        return value ? std::optional(static_cast<std::int64_t>(*value)) : std::nullopt;
    };
    const auto name = [&](std::string_view member, Names choices) -> std::optional<std::string_view> {
        const auto chosen = section.choice(member, choices);
        return chosen ? std::optional(choices[*chosen]) : std::nullopt;
    };
    const auto word = [&](std::string_view member) -> std::optional<std::string_view> {
        const auto text = section.text(member, 100);
        return text ? std::optional(keep(*text)) : std::nullopt;
    };
    defaults.count = whole("count", 1'000'000);
    defaults.time_range_days = whole("timeRangeDays", 36'500);
    defaults.variance = section.number("variance", 0, 1);
    defaults.trend = name("trend", trends);
    defaults.stage = name("stage", stage_names);
    defaults.business_model = name("businessModel", business_model_names);
    defaults.industry = word("industry");
    defaults.region = word("region");
    defaults.missing_rate = section.number("missingRate", 0, 1);
    defaults.late_rate = section.number("lateRate", 0, 1);
    defaults.restatement_rate = section.number("restatementRate", 0, 1);
    defaults.shock_rate = section.number("shockRate", 0, 10);
}

std::string_view TemplateReader::keep(std::string_view text) {
    return result_.texts_.emplace_back(text);
}

} // namespace auxeira::synthesis
