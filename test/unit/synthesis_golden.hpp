// Checksums of the golden configurations in synthesis_golden_test.cpp, which every compiler, C library and
// processor must reproduce. A metric that is added to the catalogue adds a line and must change no other one
// (R4).
#pragma once

#include <cstdint>
#include <map>
#include <string_view>

namespace auxeira::synthesis {

inline constexpr std::uint64_t golden_companies = 0x9c50284a14891f1d;
inline constexpr std::uint64_t golden_draws = 0x2d6e280b29d97552;
inline constexpr std::uint64_t golden_disturbed = 0x3915aba602b16306;
inline constexpr std::uint64_t golden_ids_and_times = 0x92258739c6218e10;

inline constexpr std::uint64_t golden_named_draws = 0x2d836e9c0ca902bc;
inline constexpr std::uint64_t golden_expressions = 0x5203d3bff29c5ef5;
inline constexpr std::uint64_t golden_template_ids = 0x06e04450f9cd32b8;

// In the order of the business models.
inline constexpr std::uint64_t golden_books[] = {0x246d17dd590733b1, 0xe63cb69388fe034f, 0x59d2ddaca5cbbe8b,
                                                 0xbe0ae766392acd47, 0xe8ca67274bfed3d0};

inline const std::map<std::string_view, std::uint64_t> golden_template_values = {
    // clang-format off
    {"mrr", 0x385213e3c25fd3c5},
    {"people", 0xe4fe502e369c16b1},
    {"area", 0xf59a9b6c70a261f1},
    {"share", 0xe3bd50e28de96a65},
    {"fee", 0x738ffcbe66d1dc75},
    {"calls", 0x88859ce70194a565},
    {"spread", 0x37b47c2c7e94aed5},
    {"swing", 0xec3016ebbabf1745},
    {"level", 0x7a80ff3c64270f69},
    {"fixed", 0xaa957d5c31e04ee5},
    {"visits", 0x071fb82bf802c645},
    {"crowd", 0x0c4c8bface9f0b25},
    {"reached", 0x4888b535743e1589},
    {"year", 0x691381779c56b66d},
    {"days", 0xe90af556d7d827a5},
    {"active", 0x63226e1366b36915},
    {"spent", 0xcc06d95b5bdf64ed},
    {"paid", 0x07e58405808bf0d5},
    {"team", 0x9e856f38060fc7e5},
    {"burn", 0x83ce4938d3379ac9},
    {"months", 0xf702d7872d562ab5},
    {"arr", 0x541818b3c7b64351},
    {"each", 0x34d8b589c1e039ad},
    {"odd", 0x8f2bd63064dc4e11},
    // clang-format on
};

inline const std::map<std::string_view, std::uint64_t> golden_values = {
    // clang-format off
    {"startup_founder.sse_score", 0x27dce4a2e051581b},
    {"startup_founder.revenue", 0x5dc4744958e94141},
    {"startup_founder.customers", 0x361192d49d6bb87c},
    {"startup_founder.team_size", 0x40d310af2e7f9653},
    {"startup_founder.burn_rate", 0xcd9120a15ff9da0a},
    {"startup_founder.runway_months", 0x2f96d5ba818892c7},
    {"startup_founder.interviews_completed", 0x354d418fe64fbc5b},
    {"startup_founder.tokens_earned", 0x5e44b1455b1af1ce},
    {"startup_founder.profile_completion", 0x0ae85447f5709474},
    {"startup_founder.actions_this_week", 0xfd2a236c488b0a7a},
    {"startup_founder.streak_days", 0x812b5e3da9993ad9},
    {"venture_capital.portfolio_size", 0xd92498bb993af33a},
    {"venture_capital.total_aum", 0xa141bec37c1d27f1},
    {"venture_capital.active_deals", 0x0ed5ae0052fa7370},
    {"venture_capital.deal_flow_monthly", 0xb7209c2c4ee5637e},
    {"venture_capital.portfolio_valuation", 0xb23e30e6cb55394e},
    {"venture_capital.exits_ytd", 0x32712941e8b601a0},
    {"venture_capital.avg_sse_score", 0x755ef1b2b75f1744},
    {"venture_capital.high_performers", 0x6e15f2b5ccf82fac},
    {"venture_capital.at_risk_companies", 0x88986bda2bebad9e},
    {"venture_capital.new_investments", 0x0296fe48c0dbdd83},
    {"angel_investor.investments_count", 0xc811db7f1ded4385},
    {"angel_investor.total_invested", 0x525857490f155a7e},
    {"angel_investor.active_investments", 0x1188b43559aa72ce},
    {"angel_investor.exits", 0xc045c1026aa9e115},
    {"angel_investor.portfolio_irr", 0x68f4d9fa17290815},
    {"angel_investor.check_size_avg", 0x1485d1be623faaf4},
    {"angel_investor.due_diligence_active", 0x397acdee1a28a7ff},
    {"angel_investor.syndicate_deals", 0x632de3d0239213b0},
    {"angel_investor.follow_on_opportunities", 0x8e294ae81ee90f1a},
    {"corporate_partner.active_partnerships", 0x2119c33352d9183b},
    {"corporate_partner.partnership_value", 0x0a5c46a081b8254c},
    {"corporate_partner.startups_engaged", 0x9ff46286e6703b93},
    {"corporate_partner.benefits_redeemed", 0x825643a2319e3e23},
    {"corporate_partner.roi_partnerships", 0x5e1f8f61f47497b6},
    {"corporate_partner.pilot_programs", 0x7518bd6c56d15f87},
    {"corporate_partner.innovation_projects", 0xde267aa435a90b93},
    {"corporate_partner.cost_savings", 0x05d09ab426cd5c56},
    {"corporate_partner.new_applications", 0x14a9303d5aa795cc},
    {"government.startups_monitored", 0x45524618d63610d9},
    {"government.grants_distributed", 0x3a7ef81da7ae0523},
    {"government.jobs_created", 0xe4945204fb9baa20},
    {"government.economic_impact", 0x10373c59b6dbb562},
    {"government.compliance_rate", 0xea74a08b772279ef},
    {"government.innovation_index", 0x1692be7feb662d30},
    {"government.regional_growth", 0x02e47df461595a22},
    {"government.startup_survival_rate", 0x76f2f1d31e7792e3},
    {"government.policy_effectiveness", 0x1322b136674ff43c},
    {"esg_funder.esg_score_avg", 0xf1f97b367cc2ca92},
    {"esg_funder.carbon_reduction", 0x8820f360dab5eae6},
    {"esg_funder.social_impact_score", 0xd91637e500ae5377},
    {"esg_funder.governance_score", 0x5a07a00b140c6d5a},
    {"esg_funder.sustainable_investments", 0x5f4c7fdac31ea575},
    {"esg_funder.impact_measurement", 0x800ab63432ea8bbd},
    {"esg_funder.environmental_score", 0x9c6868a0a5a9ff17},
    {"esg_funder.certification_rate", 0xc73ed30d347797c2},
    {"esg_funder.sustainability_trend", 0xe4a54eb6906765c9},
    {"impact_investor.social_roi", 0xbf50de6d5dd40a8c},
    {"impact_investor.lives_impacted", 0x96a9c7a762cc2031},
    {"impact_investor.sdg_alignment", 0x4763f030d4c3ba96},
    {"impact_investor.impact_investments", 0xfaa96e128ced3f4f},
    {"impact_investor.beneficiaries", 0x9adf6169f04eec93},
    {"impact_investor.impact_score", 0x092ad265f6243825},
    {"impact_investor.community_development", 0xb51035a29714d00e},
    {"impact_investor.social_progress", 0xc168e0ca6b7ec862},
    {"impact_investor.outcome_achievement", 0x3f108cd4f466d6a9},
    // clang-format on
};

} // namespace auxeira::synthesis
