"""Records of the real trackers, compared with what their rows say."""

from tests.trackers import CORONANET, CPD, LAWS, tracker_record

CPD_DATA_SET = {
    "id": "data-set",
    "type": "data_set",
    "tier": "tertiary",
    "title": "Climate Policy Database (CC BY-NC)",
    "publisher": "NewClimate Institute",
    "url": "https://climatepolicydatabase.org",
    "lang": "en",
}


def test_strategic_electricity_interties_canada() -> None:
    assert tracker_record(CPD, CPD, "3319") == {
        "title": "Strategic electricity interties Canada (2018)",
        "lang": "en",
        "event_type": "strategy",
        "instruments": ["planning"],
        "status": "in_force",
        "tags": ["high impact"],
        "external_ids": [{"scheme": CPD, "value": "3319"}],
        "names": [{"value": "Strategic electricity interties", "lang": "en", "kind": "common"}],
        "participants": [
            {
                "id": "government",
                "name": "Canada",
                "type": "state",
                "role": "party",
                "jurisdiction": "CA",
                "as_reported": "Canada",
            }
        ],
        "dates": [{"id": "decision", "kind": "adopted", "edtf": "2018", "modality": "actual"}],
        "topics": [
            {"id": "electricity-and-heat", "role": "subject"},
            {"id": "energy-efficiency", "role": "subject"},
            {"id": "climate-change-mitigation", "role": "context"},
        ],
        "figures": [
            {
                "measure": "reduction",
                "label": "GHG emissions reduction (GtCO2eq)",
                "subject": "government",
                "value": "0.0127",
                "unit": "GtCO2eq",
                "period": "2030",
                "value_type": "target",
                "as_reported": "GHG emissions reduction (GtCO2eq): 0.0127, 2030",
            }
        ],
        "sources": [
            CPD_DATA_SET | {"derived_from": ["reference"]},
            {
                "id": "reference",
                "type": "other",
                "title": "http://www.publications.gc.ca/collections/collection_2017/parl/xc49-1/X…",
            },
        ],
    }


def test_local_greenhouse_action_of_a_region_that_is_not_named() -> None:
    law = tracker_record(CPD, CPD, "1710")
    assert {
        name: law[name] for name in ("event_type", "instruments", "status", "participants", "dates", "sources")
    } == {
        "event_type": "investment",
        "instruments": ["grant", "voluntary_agreement", "planning"],
        "status": "expired",
        "participants": [
            {
                "id": "government",
                "name": "Australia (not said which region)",
                "type": "subnational",
                "role": "party",
                "jurisdiction": "AU",
                "as_reported": "Subnational region: Australia",
            }
        ],
        "dates": [
            {"id": "decision", "kind": "adopted", "edtf": "2004", "modality": "actual"},
            {"id": "end", "kind": "ends", "edtf": "2008", "modality": "actual"},
        ],
        "sources": [CPD_DATA_SET],
    }


def test_national_strategy_of_cote_d_ivoire() -> None:
    slug = "civ-national-strategy-for-fight-against-climate-change-2015-2020"
    publisher = "Grantham Research Institute on Climate Change and the Environment, London School of Economics"
    assert tracker_record(LAWS, LAWS, slug) == {
        "title": "National Strategy for Fight against Climate Change 2015-2020",
        "lang": "en",
        "event_type": "strategy",
        "status": "adopted",
        "tags": ["institutions / administrative arrangements", "energy supply"],
        "external_ids": [{"scheme": LAWS, "value": slug}],
        "participants": [
            {
                "id": "government",
                "name": "Côte d'Ivoire",
                "type": "state",
                "role": "party",
                "jurisdiction": "CI",
                "as_reported": "Côte d'Ivoire",
            }
        ],
        "dates": [{"kind": "adopted", "edtf": "2014", "modality": "actual"}],
        "topics": [
            {"id": "climate-change-mitigation", "role": "subject"},
            {"id": "climate-change-adaptation", "role": "subject"},
            {"id": "climate-change", "role": "context"},
        ],
        "sources": [
            {
                "id": "data-set",
                "type": "data_set",
                "tier": "tertiary",
                "title": "Climate Change Laws of the World, export of 2021-01-30"
                " (with credit to the Grantham Research Institute)",
                "publisher": publisher,
                "url": "https://climate-laws.org",
                "lang": "en",
                "published": "2021-01-30",
            }
        ],
    }


def test_the_plan_against_deforestation_was_amended_four_times() -> None:
    slug = "bra-plan-to-control-illegal-deforestation-and-recov-8302fd8933ff"
    assert [(date["kind"], date["edtf"]) for date in tracker_record(LAWS, LAWS, slug)["dates"]] == [
        ("adopted", "2004"),
        ("amended", "2009"),
        ("amended", "2012"),
        ("amended", "2016"),
        ("amended", "2020-10-25"),
    ]


def test_austria_relaxes_the_entry_rules_for_italy_and_slovakia() -> None:
    link, copy = "https-archive-vn-zi3bq", "https-tummgmt-eu-qualtrics-com-q-file-php-f-f_74zozzv60j5cc5p"
    text = (
        "On May 3, 2021 Austria relaxes the entry rules for Italy and Slovakia. According to a new regulation,"
        " commuters only have to present a current negative Corona test to enter Austria."
    )
    assert tracker_record(CORONANET, CORONANET, "1774669") == {
        "title": f"Austria: External Border Restrictions – {text[:158]}…",  # noqa: RUF001 (as the mapping has it)
        "description": text,
        "lang": "en",
        "event_type": "public_health_measure",
        "instruments": ["obligation"],
        "status": "launched",
        "tags": ["negative covid-19 test"],
        "external_ids": [
            {"scheme": "coronanet", "value": "1774669"},
            {"scheme": "coronanet-record", "value": "R_OlNFojl8kyIQvBLCy"},
        ],
        "participants": [
            {"id": "government"} | _state("Austria", "AT", "party"),
            _state("Italy", "IT", "affected"),
            _state("Slovakia", "SK", "affected"),
        ],
        "dates": [
            {"id": "announced", "kind": "announced", "edtf": "2021-05-03", "modality": "actual"},
            {"id": "start", "kind": "launched", "edtf": "2021-05-03", "modality": "actual"},
        ],
        "topics": [{"id": "border-restrictions", "role": "subject"}, {"id": "covid-19", "role": "context"}],
        "sources": [
            {
                "id": "data-set",
                "type": "data_set",
                "tier": "tertiary",
                "title": "CoronaNet COVID-19 Government Response Event Dataset"
                " (cite https://doi.org/10.5281/zenodo.5201766)",
                "publisher": "CoronaNet Research Project",
                "url": "https://doi.org/10.5281/zenodo.5201766",
                "lang": "en",
                "derived_from": [link, copy],
            },
            {"id": link, "type": "web_page", "url": "https://archive.vn/ZI3bq"},
            {
                "id": copy,
                "type": "web_page",
                "title": "Copy kept by CoronaNet",
                "url": "https://tummgmt.eu.qualtrics.com/Q/File.php?F=F_74zOZZV60J5CC5P",
                "derived_from": [link],
            },
        ],
    }


def _state(name: str, jurisdiction: str, role: str) -> dict[str, str]:
    return {"name": name, "type": "state", "role": role, "jurisdiction": jurisdiction, "as_reported": name}


def test_aucklands_testing_centres_were_changed_twice() -> None:
    law = tracker_record(CORONANET, CORONANET, "7222749")
    assert law["dates"] == [
        {"id": "announced", "kind": "announced", "edtf": "2020-03-30", "modality": "actual"},
        {"id": "start", "kind": "launched", "edtf": "2020-03-30", "modality": "actual"},
        {"id": "change-r_1pxgx1znjgq4d0kfa", "kind": "amended", "edtf": "2020-04-07", "modality": "actual"},
        {"id": "change-r_1dhpvrswxudclnwfa", "kind": "amended", "edtf": "2020-08-13", "modality": "actual"},
    ]
    assert [(who["name"], who["type"], who["role"]) for who in law["participants"]] == [
        ("Auckland", "subnational", "party"),
        ("Provincial/State Government", "subnational", "implementer"),
    ]
    link, *copies = [source["id"] for source in law["sources"][1:]]
    first, second = [f"statements/{statement['id']}" for statement in law["statements"]]
    assert [(citation["fact"], citation["source"]) for citation in law["citations"]] == [
        *((first, link), (first, copies[0]), (first, copies[1])),
        *((second, link), (second, copies[0]), (second, copies[2])),
    ]
