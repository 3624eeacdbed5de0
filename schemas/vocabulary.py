"""Closed vocabularies: the words that fields of a record can have, each with a sentence that explains it.

They are published in OpenAPI and at GET /v1/vocabularies.
"""

import re
from enum import Enum
from typing import Self


class Vocabulary(Enum):
    """A closed list of words. `member.value` is the word, `member.sentence` its explanation."""

    sentence: str

    def __new__(cls, word: str, sentence: str) -> Self:
        """Make a member from its word and its sentence."""
        member = object.__new__(cls)
        member._value_ = word
        member.sentence = sentence
        return member

    @classmethod
    def words(cls) -> tuple[str, ...]:
        """Return every word, in the order of definition."""
        return tuple(member.value for member in cls)


class EventType(Vocabulary):
    """The kind of a policy event."""

    ANNOUNCEMENT = "announcement", "A government or institution announces its plans."
    DIALOGUE = "dialogue", "Parties set up or hold a standing exchange of views."
    AGREEMENT = "agreement", "Parties bind themselves to each other, by treaty, memorandum or contract."
    STRATEGY = "strategy", "A plan that sets aims and a path, without binding rules of its own."
    LEGISLATION = "legislation", "A law passed, or going through, a legislature."
    REGULATION = "regulation", "A binding rule made by an executive or an agency."
    SUBSIDY = "subsidy", "Public money or tax relief for a named purpose."
    INVESTMENT = "investment", "Public money put into assets, infrastructure or research."
    EXPORT_CONTROL = "export_control", "Goods, software or knowledge may leave only under conditions."
    IMPORT_RESTRICTION = "import_restriction", "Goods or services may enter only under conditions."
    TARIFF = "tariff", "A duty on trade is set, raised, lowered or lifted."
    SANCTION = "sanction", "Restrictions placed on named states, persons or companies."
    STANDARD = "standard", "A technical norm is proposed, agreed or made compulsory."
    TARGET = "target", "A measurable aim is set, with or without a plan."
    PUBLIC_HEALTH_MEASURE = "public_health_measure", "A rule or service against a threat to health."
    COURT_DECISION = "court_decision", "A court or tribunal decides on a policy."
    REPORT = "report", "A public body publishes findings that a policy rests on."
    OTHER = "other", "None of the other kinds fits."


class Instrument(Vocabulary):
    """The means by which a policy works."""

    COOPERATION = "cooperation", "Parties work together without binding rules."
    RESEARCH_FUNDING = "research_funding", "Money for research, development and demonstration."
    GRANT = "grant", "Money given that need not be paid back."
    LOAN = "loan", "Money lent, or a loan guaranteed, on better terms than the market's."
    TAX_RELIEF = "tax_relief", "Taxes lowered, deferred or credited."
    TAX = "tax", "A tax or charge is levied or raised."
    PRICING = "pricing", "A price is put on something, such as emissions, or a tariff is guaranteed."
    TRADING_SCHEME = "trading_scheme", "Permits or certificates that can be traded."
    PROCUREMENT = "procurement", "Rules for purchases by public bodies."
    PUBLIC_INVESTMENT = "public_investment", "The public builds or buys assets itself."
    STANDARDS = "standards", "Technical norms, labels or codes."
    OBLIGATION = "obligation", "Something must be done."
    PROHIBITION = "prohibition", "Something must not be done."
    LICENSING = "licensing", "Something may be done only with a permit."
    QUOTA = "quota", "An upper or lower amount is fixed."
    TRADE_MEASURE = "trade_measure", "Duties or conditions at the border."
    INFORMATION = "information", "Labels, campaigns, training or advice."
    VOLUNTARY_AGREEMENT = "voluntary_agreement", "Commitments that cannot be enforced."
    INSTITUTION = "institution", "A body, office or committee is set up or changed."
    PLANNING = "planning", "Plans, targets and reviews bind the administration."
    OTHER = "other", "None of the other means fits."


class Status(Vocabulary):
    """The status of a policy."""

    REPORTED = "reported", "It is expected according to others; no party has confirmed it."
    PROPOSED = "proposed", "A party has put it forward; nothing is decided."
    PLANNED = "planned", "The deciding body has said that it will do it."
    AGREED = "agreed", "The parties have agreed on it."
    ADOPTED = "adopted", "It has been formally decided."
    LAUNCHED = "launched", "It has begun."
    IN_FORCE = "in_force", "It is binding now."
    COMPLETED = "completed", "It has reached its aim."
    DELAYED = "delayed", "It will come later than announced."
    SUSPENDED = "suspended", "It is paused."
    CANCELLED = "cancelled", "It was called off before it took effect."
    WITHDRAWN = "withdrawn", "Its proposer has taken it back."
    SUPERSEDED = "superseded", "Another event has taken its place."
    EXPIRED = "expired", "Its time has run out."
    DENIED = "denied", "A party denies it."


class Verification(Vocabulary):
    """The strength of the evidence for an event, computed from its sources and citations."""

    UNVERIFIED = "unverified", "No source supports the event itself."
    SINGLE_SOURCE = "single_source", "All support goes back to one independent root."
    CORROBORATED = "corroborated", "Two or more sources that do not derive from one another support it."
    OFFICIAL = "official", "A primary source of one of its parties supports it."
    DISPUTED = "disputed", "A citation contradicts one of its facts, and no citation settles it."


class NameKind(Vocabulary):
    """The kind of a name."""

    OFFICIAL = "official", "The name given by its authors."
    TENTATIVE = "tentative", "A working name that may change."
    SHORT = "short", "A shortened form or acronym."
    FORMER = "former", "A name that is no longer used."
    TRANSLATED = "translated", "A name put into another language by someone else."
    COMMON = "common", "A name in common use."


class ParticipantType(Vocabulary):
    """The type of a participant."""

    STATE = "state", "A country or territory."
    SUPRANATIONAL = "supranational", "A union that can bind its members, such as the European Union."
    INTERNATIONAL_ORGANIZATION = "international_organization", "An organization of states."
    GOVERNMENT_BODY = "government_body", "A ministry, agency, commission or regulator."
    LEGISLATURE = "legislature", "A parliament, chamber or council that makes law."
    COURT = "court", "A court or tribunal."
    SUBNATIONAL = "subnational", "A province, state of a federation, region or city."
    COMPANY = "company", "A business."
    RESEARCH_INSTITUTION = "research_institution", "A university, institute or laboratory."
    CIVIL_SOCIETY = "civil_society", "A union, association, party or non-profit organization."
    MEDIA = "media", "A news organization."
    PERSON = "person", "A human being."
    GROUP = "group", "Several participants without individual names."
    OTHER = "other", "None of the other types fits."


class ParticipantRole(Vocabulary):
    """The role of a participant in an event."""

    PARTY = "party", "It is the policy's author or has bound itself to it."
    SPOKESPERSON = "spokesperson", "It speaks for a party."
    PROPOSER = "proposer", "It put the policy forward."
    IMPLEMENTER = "implementer", "It carries the policy out."
    FUNDER = "funder", "It pays."
    BENEFICIARY = "beneficiary", "It gains from the policy by intent."
    PARTNER = "partner", "It takes part without being a party."
    AFFECTED = "affected", "The policy acts on it."
    DEPENDENCY_SOURCE = "dependency_source", "The policy means to depend on it less."
    HOST = "host", "The event takes place with it."
    MEDIATOR = "mediator", "It brings parties together."
    OPPONENT = "opponent", "It works against the policy."
    OBSERVER = "observer", "It watches or comments."


class DateKind(Vocabulary):
    """The kind of a date: the step that happened or will happen on it."""

    REPORTED = "reported", "It was first reported."
    ANNOUNCED = "announced", "A party said so publicly."
    PROPOSED = "proposed", "It was formally put forward."
    AGREED = "agreed", "The parties agreed."
    SIGNED = "signed", "It was signed."
    ADOPTED = "adopted", "It was formally decided."
    LAUNCHED = "launched", "It began."
    PUBLISHED = "published", "Its text was made public."
    IN_FORCE = "in_force", "It became or becomes binding."
    AMENDED = "amended", "It was changed."
    MEETING = "meeting", "The participants meet."
    REVIEW = "review", "It is reviewed."
    DUE = "due", "Something must be done by then."
    SUSPENDED = "suspended", "It was paused."
    ENDS = "ends", "It ends or ended."
    OTHER = "other", "None of the other kinds fits."


class Modality(Vocabulary):
    """The certainty of a date."""

    ACTUAL = "actual", "It happened then."
    EXPECTED = "expected", "It is expected to happen then."
    DEADLINE = "deadline", "It must happen by then."


class TopicRole(Vocabulary):
    """The relation of an event to a topic."""

    SUBJECT = "subject", "The event is about it."
    APPLICATION = "application", "The event's subject is used in it."
    CONTEXT = "context", "It is background."


class Measure(Vocabulary):
    """The quantity that a figure measures."""

    INVESTMENT = "investment", "Money put into something in a period."
    BUDGET = "budget", "Money set aside."
    COST = "cost", "Money needed."
    PRICE = "price", "Money for a unit."
    REVENUE = "revenue", "Money taken in."
    TRADE_VALUE = "trade_value", "Money's worth of goods or services traded."
    MARKET_SHARE = "market_share", "Part of a market or of a production, in percent."
    SHIPMENTS = "shipments", "Amount delivered in a period."
    PRODUCTION = "production", "Amount made in a period."
    CAPACITY = "capacity", "Amount that can be made, stored or carried."
    DEMAND = "demand", "Amount demanded in a period."
    EMISSIONS = "emissions", "Amount emitted in a period."
    REDUCTION = "reduction", "Size of a decrease."
    GROWTH = "growth", "Size of an increase."
    RATE = "rate", "A tax, duty or interest rate."
    TARGET_SHARE = "target_share", "Part aimed at, in percent."
    COUNT = "count", "Number of things."
    DURATION = "duration", "Length of time."
    OTHER = "other", "None of the other measures fits."


class Comparator(Vocabulary):
    """The relation of the true value to the value of a figure."""

    EQUAL = "equal", "It is the value."
    APPROXIMATE = "approximate", "It is about the value."
    MORE_THAN = "more_than", "It is greater than the value."
    AT_LEAST = "at_least", "It is the value or greater."
    LESS_THAN = "less_than", "It is smaller than the value."
    AT_MOST = "at_most", "It is the value or smaller."


class ValueType(Vocabulary):
    """The type of a figure's value."""

    ACTUAL = "actual", "It was measured or counted."
    ESTIMATE = "estimate", "It was estimated."
    TARGET = "target", "It is aimed at."
    COMMITMENT = "commitment", "A participant has committed to it."
    FORECAST = "forecast", "A source expects it."


class StatementForm(Vocabulary):
    """The fidelity of a statement's text."""

    VERBATIM = "verbatim", "Word for word."
    TRANSLATED = "translated", "Word for word in another language."
    PARAPHRASE = "paraphrase", "The sense in other words."


class StatementKind(Vocabulary):
    """The kind of a statement."""

    FACTUAL = "factual", "It states a fact."
    COMMITMENT = "commitment", "The speaker commits to an act."
    FORECAST = "forecast", "The speaker predicts an event."
    OPINION = "opinion", "The speaker states an opinion."
    ASPIRATION = "aspiration", "The speaker states a hope."


class StatementOutcome(Vocabulary):
    """The outcome of a commitment, forecast or aspiration."""

    PENDING = "pending", "It is still open."
    FULFILLED = "fulfilled", "It happened."
    PARTLY_FULFILLED = "partly_fulfilled", "It happened in part, late or differently."
    BROKEN = "broken", "It did not happen."


class SourceType(Vocabulary):
    """The type of a source."""

    NEWS_ARTICLE = "news_article", "A report by a news organization."
    INTERVIEW = "interview", "A conversation with a person, printed or recorded."
    PRESS_RELEASE = "press_release", "A statement given out to the press."
    OFFICIAL_DOCUMENT = "official_document", "A paper of a public body."
    LEGAL_TEXT = "legal_text", "A law, decree, treaty or judgment."
    SPEECH = "speech", "Words spoken in public."
    REPORT = "report", "A study or report."
    DATA_SET = "data_set", "Structured data, such as a tracker or statistics."
    WEB_PAGE = "web_page", "A page that is none of the others."
    SOCIAL_MEDIA = "social_media", "A post by an account."
    OTHER = "other", "None of the other types fits."


class SourceTier(Vocabulary):
    """The distance of a source from the event."""

    PRIMARY = "primary", "Made by a participant or by the body that measured."
    SECONDARY = "secondary", "Reports on primary sources."
    TERTIARY = "tertiary", "Collects other sources."


class Stance(Vocabulary):
    """The stance of a citation towards its fact."""

    SUPPORTS = "supports", "The source supports the fact."
    CONTRADICTS = "contradicts", "The source contradicts the fact."
    CLARIFIES = "clarifies", "The source settles or qualifies other citations of the fact."


class RelationType(Vocabulary):
    """The relation of an event to another one, which shows the inverse relation."""

    RESPONDS_TO = "responds_to", "It answers the other event."
    IMPLEMENTS = "implements", "It carries the other out."
    PART_OF = "part_of", "It belongs to the other."
    FULFILS = "fulfils", "It fulfils the other's promise."
    FOLLOWS = "follows", "It comes after the other in the same course."
    SUPERSEDES = "supersedes", "It takes the other's place."
    AMENDS = "amends", "It changes the other."
    REPEALS = "repeals", "It ends the other's force."
    CITES = "cites", "It names the other."
    RELATED = "related", "They are related in some other way."


class InverseRelationType(Vocabulary):
    """The inverse of a relation, on the event at its other end."""

    RESPONDS_TO = "responded_to_by", "The other event answers it."
    IMPLEMENTS = "implemented_by", "The other carries it out."
    PART_OF = "has_part", "The other belongs to it."
    FULFILS = "fulfilled_by", "The other fulfils its promise."
    FOLLOWS = "followed_by", "The other comes after it in the same course."
    SUPERSEDES = "superseded_by", "The other takes its place."
    AMENDS = "amended_by", "The other changes it."
    REPEALS = "repealed_by", "The other ends its force."
    CITES = "cited_by", "The other names it."
    RELATED = "related", "They are related in some other way."


class ChangeKind(Vocabulary):
    """The reason for a new version of an event."""

    CORRECTION = "correction", "The record was wrong; the world has not changed."
    DEVELOPMENT = "development", "The world has changed."
    ENRICHMENT = "enrichment", "The record has more details; the former version was not wrong."


class RecordState(Vocabulary):
    """The state of a record."""

    ACTIVE = "active", "It can be read and changed."
    DELETED = "deleted", "It was deleted; its revisions remain."
    MERGED = "merged", "It was merged into the event `merged_into`."


class EntryKind(Vocabulary):
    """The kind of an entry in the change feed."""

    CREATE = "create", "The event was created."
    UPDATE = "update", "The event has a new version."
    DELETE = "delete", "The event was deleted."
    MERGE = "merge", "It was merged into the event `merged_into`."
    LEAVE = "leave", "An update of the event stopped its match with the filter. Only with a filter."


def _name(vocabulary: type[Vocabulary]) -> str:
    return re.sub(r"\B(?=[A-Z])", "_", vocabulary.__name__).lower()


#: Every vocabulary by the name under which it is published: EventType as event_type.
VOCABULARIES: dict[str, type[Vocabulary]] = {_name(each): each for each in Vocabulary.__subclasses__()}
