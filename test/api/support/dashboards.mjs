// The metrics of each dashboard, as the original generated them.

export const metricsOf = {
  startup_founder: ['sse_score', 'revenue', 'customers', 'team_size', 'burn_rate', 'runway_months',
    'interviews_completed', 'tokens_earned', 'profile_completion', 'actions_this_week', 'streak_days'],
  venture_capital: ['portfolio_size', 'total_aum', 'active_deals', 'deal_flow_monthly', 'portfolio_valuation',
    'exits_ytd', 'avg_sse_score', 'high_performers', 'at_risk_companies', 'new_investments'],
  angel_investor: ['investments_count', 'total_invested', 'active_investments', 'exits', 'portfolio_irr',
    'check_size_avg', 'due_diligence_active', 'syndicate_deals', 'follow_on_opportunities'],
  corporate_partner: ['active_partnerships', 'partnership_value', 'startups_engaged', 'benefits_redeemed',
    'roi_partnerships', 'pilot_programs', 'innovation_projects', 'cost_savings', 'new_applications'],
  government: ['startups_monitored', 'grants_distributed', 'jobs_created', 'economic_impact', 'compliance_rate',
    'innovation_index', 'regional_growth', 'startup_survival_rate', 'policy_effectiveness'],
  esg_funder: ['esg_score_avg', 'carbon_reduction', 'social_impact_score', 'governance_score',
    'sustainable_investments', 'impact_measurement', 'environmental_score', 'certification_rate',
    'sustainability_trend'],
  impact_investor: ['social_roi', 'lives_impacted', 'sdg_alignment', 'impact_investments', 'beneficiaries',
    'impact_score', 'community_development', 'social_progress', 'outcome_achievement'],
};
