"""The closed vocabularies as the types that pydantic checks and renders fastest."""

from typing import Literal

EventType = Literal[
    "announcement",
    "dialogue",
    "agreement",
    "strategy",
    "legislation",
    "regulation",
    "subsidy",
    "investment",
    "export_control",
    "import_restriction",
    "tariff",
    "sanction",
    "standard",
    "target",
    "public_health_measure",
    "court_decision",
    "report",
    "other",
]
Instrument = Literal[
    "cooperation",
    "research_funding",
    "grant",
    "loan",
    "tax_relief",
    "tax",
    "pricing",
    "trading_scheme",
    "procurement",
    "public_investment",
    "standards",
    "obligation",
    "prohibition",
    "licensing",
    "quota",
    "trade_measure",
    "information",
    "voluntary_agreement",
    "institution",
    "planning",
    "other",
]
Status = Literal[
    "reported",
    "proposed",
    "planned",
    "agreed",
    "adopted",
    "launched",
    "in_force",
    "completed",
    "delayed",
    "suspended",
    "cancelled",
    "withdrawn",
    "superseded",
    "expired",
    "denied",
]
Verification = Literal["unverified", "single_source", "corroborated", "official", "disputed"]
NameKind = Literal["official", "tentative", "short", "former", "translated", "common"]
ParticipantType = Literal[
    "state",
    "supranational",
    "international_organization",
    "government_body",
    "legislature",
    "court",
    "subnational",
    "company",
    "research_institution",
    "civil_society",
    "media",
    "person",
    "group",
    "other",
]
ParticipantRole = Literal[
    "party",
    "spokesperson",
    "proposer",
    "implementer",
    "funder",
    "beneficiary",
    "partner",
    "affected",
    "dependency_source",
    "host",
    "mediator",
    "opponent",
    "observer",
]
DateKind = Literal[
    "reported",
    "announced",
    "proposed",
    "agreed",
    "signed",
    "adopted",
    "launched",
    "published",
    "in_force",
    "amended",
    "meeting",
    "review",
    "due",
    "suspended",
    "ends",
    "other",
]
Modality = Literal["actual", "expected", "deadline"]
TopicRole = Literal["subject", "application", "context"]
Measure = Literal[
    "investment",
    "budget",
    "cost",
    "price",
    "revenue",
    "trade_value",
    "market_share",
    "shipments",
    "production",
    "capacity",
    "demand",
    "emissions",
    "reduction",
    "growth",
    "rate",
    "target_share",
    "count",
    "duration",
    "other",
]
Comparator = Literal["equal", "approximate", "more_than", "at_least", "less_than", "at_most"]
ValueType = Literal["actual", "estimate", "target", "commitment", "forecast"]
StatementForm = Literal["verbatim", "translated", "paraphrase"]
StatementKind = Literal["factual", "commitment", "forecast", "opinion", "aspiration"]
StatementOutcome = Literal["pending", "fulfilled", "partly_fulfilled", "broken"]
SourceType = Literal[
    "news_article",
    "interview",
    "press_release",
    "official_document",
    "legal_text",
    "speech",
    "report",
    "data_set",
    "web_page",
    "social_media",
    "other",
]
SourceTier = Literal["primary", "secondary", "tertiary"]
Stance = Literal["supports", "contradicts", "clarifies"]
RelationType = Literal[
    "responds_to", "implements", "part_of", "fulfils", "follows", "supersedes", "amends", "repeals", "cites", "related"
]
ChangeKind = Literal["correction", "development", "enrichment"]
RecordState = Literal["active", "deleted", "merged"]
