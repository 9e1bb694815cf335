// Checksums of the golden configurations in synthesis_golden_test.cpp, which every compiler, C library and
// processor must reproduce. A metric that is added to the catalogue adds a line and must change no other one
// (R4).
#pragma once

#include <cstdint>
#include <map>
#include <string_view>

namespace auxeira::synthesis {

inline constexpr std::uint64_t golden_companies = 0;
inline constexpr std::uint64_t golden_draws = 0;
inline constexpr std::uint64_t golden_disturbed = 0;
inline constexpr std::uint64_t golden_ids_and_times = 0x92258739c6218e10;

inline const std::map<std::string_view, std::uint64_t> golden_values = {
    // clang-format off
    {"startup_founder.sse_score", 0x4b0356c5cf6958de},
    {"startup_founder.revenue", 0x582899fff7eb90ca},
    {"startup_founder.customers", 0xbbae78315dd1950c},
    {"startup_founder.team_size", 0x95ff9fadd550d530},
    {"startup_founder.burn_rate", 0xed2856ca7ea4e4df},
    {"startup_founder.runway_months", 0x7219eb8cdfad3329},
    {"startup_founder.interviews_completed", 0x8097ab9240a1efc3},
    {"startup_founder.tokens_earned", 0x101466535a69a488},
    {"startup_founder.profile_completion", 0x102ce19810f7fe59},
    {"startup_founder.actions_this_week", 0x00917cdef5ec42c3},
    {"startup_founder.streak_days", 0x812b5e3da9993ad9},
    {"venture_capital.portfolio_size", 0x8462bf7d463078f7},
    {"venture_capital.total_aum", 0x52bc8d3f42d0820f},
    {"venture_capital.active_deals", 0x6a9e508533d48d40},
    {"venture_capital.deal_flow_monthly", 0xef5b21d51e651cae},
    {"venture_capital.portfolio_valuation", 0xdcc783a8253730c3},
    {"venture_capital.exits_ytd", 0xf8b53c4c28e7674e},
    {"venture_capital.avg_sse_score", 0x092b3eb9d43e12d0},
    {"venture_capital.high_performers", 0x8c8389f0cd26945c},
    {"venture_capital.at_risk_companies", 0xe00d1c30e0983467},
    {"venture_capital.new_investments", 0x3aee20aaa64f74fc},
    {"angel_investor.investments_count", 0xfd894dea52c689b3},
    {"angel_investor.total_invested", 0x055aa3d7dc3652f2},
    {"angel_investor.active_investments", 0x869752b4648735c9},
    {"angel_investor.exits", 0x407a624f8907927e},
    {"angel_investor.portfolio_irr", 0x19115644ff8a943d},
    {"angel_investor.check_size_avg", 0x6c271300b1b6a423},
    {"angel_investor.due_diligence_active", 0xc5823ea5a788ee32},
    {"angel_investor.syndicate_deals", 0xe3f3c333752cc3ce},
    {"angel_investor.follow_on_opportunities", 0xe1e58bbf3954643d},
    {"corporate_partner.active_partnerships", 0x1654ad99f8947255},
    {"corporate_partner.partnership_value", 0xc11906bdc89e5c8a},
    {"corporate_partner.startups_engaged", 0x4e470518d1d042e7},
    {"corporate_partner.benefits_redeemed", 0xad8559820d047043},
    {"corporate_partner.roi_partnerships", 0x61a85cc99c9138a9},
    {"corporate_partner.pilot_programs", 0xd86df071197478ea},
    {"corporate_partner.innovation_projects", 0x9e67fccbfbb002f6},
    {"corporate_partner.cost_savings", 0xa34bc2fe69b337ca},
    {"corporate_partner.new_applications", 0xb79cf427371d2389},
    {"government.startups_monitored", 0x64fabc73024b2ad3},
    {"government.grants_distributed", 0xab45316434f45bec},
    {"government.jobs_created", 0x5837a1adbf35462e},
    {"government.economic_impact", 0xa3b948f7e4b46478},
    {"government.compliance_rate", 0x192a08bfb2de3205},
    {"government.innovation_index", 0x7f6e753314b3087d},
    {"government.regional_growth", 0xc4b5da5e797aace3},
    {"government.startup_survival_rate", 0xf0e353bbc0b6f210},
    {"government.policy_effectiveness", 0x09567d7bcbfbde0b},
    {"esg_funder.esg_score_avg", 0xb239355b7f31e1d5},
    {"esg_funder.carbon_reduction", 0x49becddbc8c00a4c},
    {"esg_funder.social_impact_score", 0x5687831c31a221c6},
    {"esg_funder.governance_score", 0x0ef0dca7b19b9af1},
    {"esg_funder.sustainable_investments", 0xe857a402c53a6d95},
    {"esg_funder.impact_measurement", 0x6cc3e7ce223b0e55},
    {"esg_funder.environmental_score", 0x1552d26adfdab1a2},
    {"esg_funder.certification_rate", 0xf74e791761fc23d4},
    {"esg_funder.sustainability_trend", 0xc253d60e30b15157},
    {"impact_investor.social_roi", 0xae204b4095aca97f},
    {"impact_investor.lives_impacted", 0x789e4b170271e64c},
    {"impact_investor.sdg_alignment", 0xd461f927c93eeee1},
    {"impact_investor.impact_investments", 0x88d64f3c3a39e41c},
    {"impact_investor.beneficiaries", 0x9c210f2a3ad7b141},
    {"impact_investor.impact_score", 0xcaaf5e49495eccbc},
    {"impact_investor.community_development", 0xb2e09219f9e27a59},
    {"impact_investor.social_progress", 0xf407919ab7dc43e1},
    {"impact_investor.outcome_achievement", 0x7e0d79e1aee4cad7},
    // clang-format on
};

} // namespace auxeira::synthesis
