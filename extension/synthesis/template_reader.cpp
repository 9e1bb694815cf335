#include "synthesis/template_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "synthesis/derived.hpp"
#include "synthesis/random.hpp"

namespace auxeira::synthesis {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

constexpr std::string_view types[] = {"integer", "number"};
constexpr std::string_view kinds[] = {"stock", "flow", "ratio", "score", "cumulative", "ytd", "streak"};
constexpr std::string_view directions[] = {"up", "down"};
constexpr std::string_view trends[] = {"improving", "declining", "stable", "volatile"};

// --- Names -----------------------------------------------------------------------------------------------

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

// The one of the choices that the member names.
std::optional<std::string_view> name_among(const Section& section, std::string_view member, Names choices) {
    const auto chosen = section.choice(member, choices);
    return chosen ? std::optional(choices[*chosen]) : std::nullopt;
}

// Folds what the series depends on into the key of its ids.
void fold(const Value& value, KeyBuilder& key) noexcept {
    key.add(static_cast<std::uint64_t>(value.kind))
        .add(std::bit_cast<std::uint64_t>(value.number))
        .add(value.text);
    for (const std::string& name : value.names)
        key.add(name);
    for (const Value& item : value.items)
        fold(item, key);
}

} // namespace

// --- The document ----------------------------------------------------------------------------------------

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
    fingerprint();
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

// --- Rules -----------------------------------------------------------------------------------------------

void TemplateReader::read_rules(const Section& root) {
    const Value* const rules = root.object("generation_rules");
    if (rules == nullptr || names_.empty()) return;
    const Section section(*rules, "generation_rules", faults_);
    section.only(names_, "is not a metric of data_schema");
    for (std::size_t column = 0; column < names_.size(); ++column) {
        const Value* const rule = section.object(names_[column]);
        if (rule != nullptr) read_rule(Section(*rule, section.path_to(names_[column]), faults_), column);
    }
}

void TemplateReader::read_rule(const Section& rule, std::size_t column) {
    Metric& metric = result_.metrics_[column];
    const Model& model = read_model(rule, metric.kind);
    const bool follows = model.has_noise && model.rule != Rule::draw;
    metric.motion.rule = model.rule;
    read_bounds(rule, metric);
    if (model.rule == Rule::expression) return read_expression(rule, column);
    if (model.has_level) read_level(rule, model, metric);
    metric.motion.pace = rule.number("pace", 0, 100).value_or(model.has_pace ? 1 : 0);
    metric.motion.response = rule.number("trendResponse", 0, 1).value_or(follows ? 1 : 0);
    metric.motion.spread = rule.number("spread", 0, 1).value_or(1);
    read_references(rule, model, metric);
    if (model.has_correlation) read_correlation(rule, column);
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

// --- Other metrics ---------------------------------------------------------------------------------------

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

void TemplateReader::read_references(const Section& rule, const Model& model, Metric& metric) {
    const std::size_t self = column_of(metric.name);
    if (model.needs_of && !rule.has("of")) rule.fault("of", "is missing: the metric it is computed from");
    if (model.may_have_of) metric.motion.of = metric_named(rule, "of", self).value_or("");
    if (model.may_have_less) metric.motion.by = metric_named(rule, "less", self).value_or("");
}

void TemplateReader::read_correlation(const Section& rule, std::size_t column) {
    static constexpr std::string_view known[] = {"with", "coefficient", "levelFollows"};
    static constexpr std::string_view followed[] = {"level", "growth"};
    const Value* const value = rule.object("correlation", false);
    if (value == nullptr) return;
    const Section section(*value, rule.path_to("correlation"), faults_);
    section.only(known);
    for (const std::string_view member : {"with", "coefficient"}) {
        if (!section.has(member)) section.fault(member, "is missing");
    }
    Motion& motion = result_.metrics_[column].motion;
    motion.with = metric_named(section, "with", column).value_or("");
    motion.correlation = section.number("coefficient", -1, 1).value_or(0);
    motion.level_follows_growth = section.choice("levelFollows", followed) == std::size_t{1};
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

// --- What only shows when all rules are known ------------------------------------------------------------

std::vector<TemplateReader::Input> TemplateReader::inputs_of(std::size_t column) const {
    const Motion& motion = result_.metrics_[column].motion;
    std::vector<Input> all;
    if (motion.expression != nullptr) {
        for (const std::size_t read : motion.expression->columns())
            all.push_back({"expression", read});
    }
    const Input named[] = {{"of", column_of(motion.of)},
                           {"less", column_of(motion.by)},
                           {"correlation.with", column_of(motion.with)}};
    std::copy_if(std::begin(named), std::end(named), std::back_inserter(all),
                 [](const Input& input) { return input.column != nowhere; });
    return all;
}

// Depth first; a metric met again on the way to it depends on itself.
bool TemplateReader::visit(std::size_t column, std::vector<std::size_t>& way,
                           std::vector<char>& state) const {
    constexpr char open = 1, done = 2;
    if (state[column] == done) return true;
    way.push_back(column);
    if (state[column] == open) return false;
    state[column] = open;
    for (const Input& input : inputs_of(column)) {
        if (!visit(input.column, way, state)) return false;
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
        const std::vector<Input> inputs = inputs_of(*begin);
        const auto next = std::find_if(inputs.begin(), inputs.end(),
                                       [begin](const Input& input) { return input.column == *(begin + 1); });
        return faults_.add(rule_path(*begin) + '.' + std::string(next->member),
                           "depends on itself: " + circle);
    }
}

// One correlation for each metric, and no circle: every such set of coefficients is one that numbers can
// have.
void TemplateReader::check_correlations() {
    for (std::size_t column = 0; column < names_.size(); ++column) {
        const Motion& motion = result_.metrics_[column].motion;
        if (motion.with.empty()) continue;
        if (model_of(result_.metrics_[column_of(motion.with)].motion.rule)->has_correlation) continue;
        faults_.add(rule_path(column) + ".correlation.with",
                    quoted(motion.with) + " has no noise to be correlated with");
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

// --- Validation and parameters ---------------------------------------------------------------------------

void TemplateReader::read_validation(const Section& root) {
    static constexpr std::string_view known[] = {"identities", "ranges"};
    const Value* const rules = root.object("validation_rules", false);
    if (rules == nullptr || names_.empty()) return;
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
    section.only(known);
    read_window(section);
    read_company(section);
    read_disturbance(section);
}

void TemplateReader::read_window(const Section& parameters) {
    const auto whole = [&parameters](std::string_view name, double most) -> std::optional<std::int64_t> {
        const auto value = parameters.whole(name, 1, most);
        return value ? std::optional(static_cast<std::int64_t>(*value)) : std::nullopt;
    };
    Request& defaults = result_.defaults_;
    defaults.count = whole("count", 1'000'000);
    defaults.time_range_days = whole("timeRangeDays", 36'500);
    defaults.variance = parameters.number("variance", 0, 1);
    defaults.trend = name_among(parameters, "trend", trends);
}

void TemplateReader::read_company(const Section& parameters) {
    const auto word = [&](std::string_view member) -> std::optional<std::string_view> {
        const auto text = parameters.text(member, 100);
        return text ? std::optional(keep(*text)) : std::nullopt;
    };
    Request& defaults = result_.defaults_;
    defaults.stage = name_among(parameters, "stage", stage_names);
    defaults.business_model = name_among(parameters, "businessModel", business_model_names);
    defaults.industry = word("industry");
    defaults.region = word("region");
}

void TemplateReader::read_disturbance(const Section& parameters) {
    Request& defaults = result_.defaults_;
    defaults.missing_rate = parameters.number("missingRate", 0, 1);
    defaults.late_rate = parameters.number("lateRate", 0, 1);
    defaults.restatement_rate = parameters.number("restatementRate", 0, 1);
    defaults.shock_rate = parameters.number("shockRate", 0, 10);
}

void TemplateReader::fingerprint() {
    KeyBuilder key;
    for (const std::string_view part : {"data_schema", "generation_rules"}) {
        if (const Value* const value = document_.member(part)) fold(*value, key);
    }
    result_.dashboard_.fingerprint = key.key() | 1; // 0 is the catalogue
}

std::string_view TemplateReader::keep(std::string_view text) {
    return result_.texts_.emplace_back(text);
}

} // namespace auxeira::synthesis
