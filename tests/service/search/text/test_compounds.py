"""Compounds: words that a language composes are found by their parts, and other words have none."""

import pytest
import Stemmer
from hypothesis import given, settings
from hypothesis import strategies as st

from service.search.text.analyzer import fold
from service.search.text.compounds import FOLDER, GRAMMARS, MOST_PARTS, CompoundWords, checksum, compound_parts

COMPOUNDS = {
    "german": """
    Halbleitererzeugnisse: Halbleiter Erzeugnisse
    Halbleiterindustrie: Halbleiter Industrie
    Klimaschutzgesetz: Klima Schutz Klimaschutz Gesetz
    Klimaschutzprogramm: Klimaschutz Programm
    Klimaanpassungsgesetz: Klima Anpassung Gesetz
    Bundesregierung: Bund Regierung
    Bundeshaushalt: Bund Haushalt
    Haushaltsgesetz: Haushalt Gesetz
    Haushaltsbegleitgesetz: Haushalt Gesetz
    Atomkraftwerk: Atom Kraftwerk
    Kohlekraftwerke: Kohle Kraftwerk
    Kohleausstieg: Kohle Ausstieg
    Atomausstieg: Atom Ausstieg
    Stromsteuergesetz: Strom Steuer Gesetz
    Stromnetzausbau: Stromnetz Ausbau
    Netzausbaubeschleunigungsgesetz: Netz Ausbau Beschleunigung Gesetz
    Energiewende: Energie Wende
    Energieeffizienzgesetz: Energie Effizienz Gesetz
    Gebäudeenergiegesetz: Gebäude Energie Gesetz
    Energieeinsparverordnung: Energie Verordnung
    Wärmepumpe: Wärme Pumpe
    Wärmeplanung: Wärme Planung
    Wasserstoffstrategie: Wasserstoff Strategie
    Wasserstoffwirtschaft: Wasserstoff Wirtschaft
    Emissionshandel: Emission Handel
    Emissionshandelssystem: Emission Handel System
    Treibhausgasemissionen: Treibhausgas Emissionen
    Luftreinhalteplan: Luft Plan
    Lieferkettengesetz: Lieferkette Gesetz
    Lieferkettensorgfaltspflichtengesetz: Lieferketten Gesetz
    Ausfuhrbeschränkungen: Ausfuhr Beschränkungen
    Ausfuhrkontrolle: Ausfuhr Kontrolle
    Einfuhrzoll: Einfuhr Zoll
    Zolltarif: Zoll Tarif
    Handelsabkommen: Handel Abkommen
    Freihandelsabkommen: Freihandel Abkommen
    Außenwirtschaftsgesetz: Außenwirtschaft Gesetz
    Außenwirtschaftsverordnung: Außenwirtschaft Verordnung
    Wettbewerbsbehörde: Wettbewerb Behörde
    Kartellamt: Kartell Amt
    Arbeitsmarkt: Arbeit Markt
    Arbeitslosenversicherung: Arbeitslosen Versicherung
    Krankenversicherung: Kranken Versicherung
    Rentenversicherung: Rente Versicherung
    Pflegeversicherung: Pflege Versicherung
    Mindestlohn: Lohn
    Mindestlohngesetz: Mindestlohn Gesetz
    Steuerreform: Steuer Reform
    Umsatzsteuer: Umsatz Steuer
    Einkommensteuergesetz: Einkommen Steuer Gesetz
    Körperschaftsteuer: Körperschaft Steuer
    Grunderwerbsteuer: Grunderwerb Steuer
    Schuldenbremse: Schulden Bremse
    Staatsverschuldung: Staat Verschuldung
    Staatsanleihe: Staat Anleihe
    Verfassungsgericht: Verfassung Gericht
    Bundesverfassungsgericht: Bund Verfassung Gericht
    Bundesverfassungsgerichtsentscheidung: Verfassung Gericht Entscheidung
    Grundgesetz: Grund Gesetz
    Gesetzentwurf: Gesetz Entwurf
    Gesetzgebungsverfahren: Gesetzgebung Verfahren
    Rechtsverordnung: Recht Verordnung
    Datenschutz: Daten Schutz
    Datenschutzgrundverordnung: Datenschutz Verordnung
    Verbraucherschutz: Verbraucher Schutz
    Umweltministerium: Umwelt Ministerium
    Umweltverträglichkeitsprüfung: Umwelt Verträglichkeit Prüfung
    Wirtschaftsministerium: Wirtschaft Ministerium
    Wirtschaftswachstum: Wirtschaft Wachstum
    Landwirtschaft: Wirtschaft
    Naturschutzgebiet: Natur Schutz Gebiet
    Hochwasserschutz: Hochwasser Schutz
    Trinkwasserverordnung: Trinkwasser Verordnung
    Abfallwirtschaft: Abfall Wirtschaft
    Kreislaufwirtschaftsgesetz: Kreislauf Wirtschaft Gesetz
    Verpackungsgesetz: Verpackung Gesetz
    Batterierecycling: Batterie Recycling
    Elektromobilität: Mobilität
    Elektrofahrzeuge: Fahrzeuge
    Ladeinfrastruktur: Infrastruktur
    Verkehrswende: Verkehr Wende
    Straßenverkehr: Straßen Verkehr
    Straßenverkehrsordnung: Straßen Verkehr Ordnung
    Schienenverkehr: Schiene Verkehr
    Flugverkehr: Flug Verkehr
    Gesundheitsministerium: Gesundheit Ministerium
    Gesundheitsreform: Gesundheit Reform
    Krankenhausreform: Krankenhaus Reform
    Infektionsschutzgesetz: Infektion Schutz Gesetz
    Impfpflicht: Pflicht
    Maskenpflicht: Masken Pflicht
    Schulpflicht: Schule Pflicht
    Ausgangssperre: Ausgang Sperre
    Einreiseverbot: Einreise Verbot
    Asylverfahren: Asyl Verfahren
    Aufenthaltsgesetz: Aufenthalt Gesetz
    Fachkräfteeinwanderungsgesetz: Fachkraft Einwanderung Gesetz
    Staatsangehörigkeitsgesetz: Staat Gesetz
    Verteidigungshaushalt: Verteidigung Haushalt
    Sondervermögen: Vermögen
    Rüstungsexporte: Rüstung Exporte
    Rüstungsexportkontrolle: Rüstung Export Kontrolle
    Wohnungsbau: Wohnung Bau
    Mietpreisbremse: Preis Bremse
    Wohngeld: Geld
    Kindergeld: Kind Geld
    Elterngeld: Eltern Geld
    Bürgergeld: Bürger Geld
    Bankenunion: Banken Union
    Bankenaufsicht: Banken Aufsicht
    Finanzmarkt: Markt
    Finanzmarktaufsicht: Finanzmarkt Aufsicht
    Geldwäschegesetz: Geldwäsche Gesetz
    Rohstoffversorgung: Rohstoff Versorgung
    Kernenergie: Energie
    Erdgasspeicher: Erdgas Speicher
    Gaspreisbremse: Gas Preis Bremse
    Windenergieanlage: Wind Energie Anlage
    Photovoltaikanlagen: Photovoltaik Anlage
    Biodiversitätsstrategie: Biodiversität Strategie
    Digitalisierungsstrategie: Digitalisierung Strategie
    Forschungsförderung: Forschung Förderung
    Bildungspolitik: Bildung Politik
    Ländervergleich: Land Vergleich
    Waldbrandgefahr: Waldbrand Gefahr
    Fischereiabkommen: Fischerei Abkommen
    """,
    "dutch": """
    klimaatwet: klimaat wet
    klimaatverandering: klimaat verandering
    energietransitie: energie transitie
    arbeidsmarkt: arbeid markt
    belastingdienst: belasting dienst
    inkomstenbelasting: inkomsten belasting
    ziekenhuis: huis
    kerncentrale: kern centrale
    halfgeleiderindustrie: halfgeleider industrie
    uitvoerverbod: uitvoer verbod
    verkeersveiligheid: verkeer veiligheid
    gezondheidszorg: gezondheid zorg
    woningbouw: woning bouw
    rijksbegroting: rijk begroting
    grondwet: grond wet
    gegevensbescherming: gegevens bescherming
    kolencentrale: kolen centrale
    waterstofstrategie: waterstof strategie
    stikstofuitstoot: stikstof uitstoot
    handelsverdrag: handel verdrag
    """,
    "swedish": """
    klimatlag: klimat lag
    energipolitik: energi politik
    skattereform: skatt reform
    arbetsmarknad: arbete marknad
    kärnkraftverk: kärnkraft verk
    halvledarindustri: halvledare industri
    exportförbud: export förbud
    sjukförsäkring: försäkring
    utsläppshandel: utsläpp handel
    miljödepartementet: miljö departement
    dataskydd: data skydd
    vätgasstrategi: vätgas strategi
    bostadsbyggande: bostad byggande
    jordbrukspolitik: jordbruk politik
    koldioxidskatt: koldioxid skatt
    frihandelsavtal: frihandel avtal
    grundlag: grund lag
    trafiksäkerhet: trafik säkerhet
    budgetproposition: budget proposition
    regeringskansliet: regering kansli
    """,
    "danish": """
    klimalov: klima lov
    energipolitik: energi politik
    skattereform: skat reform
    arbejdsmarked: arbejde marked
    halvlederindustri: halvleder industri
    eksportforbud: eksport forbud
    sundhedsvæsen: sundhed væsen
    databeskyttelse: data beskyttelse
    brintstrategi: brint strategi
    boligbyggeri: bolig byggeri
    landbrugspolitik: landbrug politik
    frihandelsaftale: frihandel aftale
    grundlov: grund lov
    trafiksikkerhed: trafik sikkerhed
    finanslov: finans lov
    """,
    "norwegian": """
    klimalov: klima lov
    energipolitikk: energi politikk
    skattereform: skatt reform
    arbeidsmarked: arbeid marked
    halvlederindustri: halvleder industri
    eksportforbud: eksport forbud
    helsevesen: helse vesen
    hydrogenstrategi: hydrogen strategi
    boligbygging: bolig bygging
    landbrukspolitikk: landbruk politikk
    frihandelsavtale: frihandel avtale
    grunnlov: grunn lov
    trafikksikkerhet: trafikk sikkerhet
    statsbudsjett: stat budsjett
    utslippskvoter: utslipp kvote
    """,
    "finnish": """
    ilmastolaki: ilmasto laki
    ilmastonmuutos: ilmasto muutos
    energiapolitiikka: energia politiikka
    verouudistus: vero uudistus
    työmarkkinat: työ markkinat
    puolijohdeteollisuus: teollisuus
    vientikielto: vienti kielto
    terveydenhuolto: terveys huolto
    ydinvoimala: voimala
    vetystrategia: vety strategia
    asuntorakentaminen: asunto rakentaminen
    maatalouspolitiikka: maatalous politiikka
    päästökauppa: päästö kauppa
    liikenneturvallisuus: liikenne turvallisuus
    perustuslaki: perustus laki
    """,
}

#: Words that are not composed, or whose parts say nothing about them.
WHOLE = {
    "german": """
    Regierung Verordnung Verantwortung Unternehmen Unterstützung Entwicklung Sicherheit Gesellschaft Wirtschaft
    Beispiel Ministerium Elektrizität Übereinkommen Vereinbarung Vorschrift Abkommen Programm Beschluss Maßnahme
    Maßnahmen Genehmigung Veröffentlichung Zusammenarbeit Bekanntmachung Änderung Ergänzung Entscheidung
    Einführung Ausführung Durchführung Umsetzung Überwachung Beschränkung Verpflichtung Europäische International
    Demokratie Organisation Kommission Information Transparenz Republik Parlament Präsident Minister
    Digitalisierung Nachhaltigkeit Biodiversität Investition Subvention Produktion Emissionen Technologie
    Infrastruktur Kompetenz Universität Verwaltung Behörde Interessen Verbesserung Erneuerbare erneuerbaren
    Mitglied Mitglieder Bevölkerung Gemeinschaft Partnerschaft Eigentum Wissenschaft Mannschaft Nachricht
    Berechnung Beratung Anwendung Anforderung Aufgaben Ausgaben Einnahmen Vorsitzende Verfahren Verhandlungen
    Vereinigten Staaten Deutschland Großbritannien Österreich Frankreich Niedersachsen Brandenburg Potsdam Hamburg
    international gegenüber insbesondere zwischen während
    """,
    "dutch": """
    regering maatregel ontwikkeling verordening verantwoordelijkheid onderneming wetenschap gemeenschap bevolking
    samenwerking vereniging duurzaamheid minister parlement beslissing nederland overheid universiteit
    transparantie investering
    """,
    "swedish": """
    regering förordning utveckling ansvar företag myndighet säkerhet befolkning samarbete beslut demokrati
    universitet ekonomi sverige minister riksdagen kommission åtgärder hållbarhet investering
    """,
    "danish": """
    regering forordning udvikling ansvar virksomhed myndighed sikkerhed befolkning samarbejde beslutning demokrati
    universitet danmark minister folketinget kommission investering
    """,
    "norwegian": """
    regjering forskrift utvikling ansvar virksomhet myndighet sikkerhet befolkning samarbeid beslutning demokrati
    universitet norge minister stortinget kommisjon investering
    """,
    "finnish": """
    hallitus asetus kehitys vastuu yritys viranomainen turvallisuus väestö yhteistyö päätös demokratia yliopisto
    suomi ministeri eduskunta komissio investointi
    """,
}

#: The share of compounds of which every wanted part must be found, and of whole words that may be split.
WANTED_SHARE, SPLIT_SHARE = 0.89, 0.06


def stems(words: list[str] | tuple[str, ...], lang: str) -> set[str]:
    """Return the stems by which words are searched."""
    stemmer = Stemmer.Stemmer(lang)
    return {stemmer.stemWord(fold(word)) for word in words}


@pytest.mark.parametrize("lang", COMPOUNDS)
def test_compounds_have_their_parts(lang: str) -> None:
    lines = [line.split(":") for line in COMPOUNDS[lang].strip().splitlines()]
    missed = {
        word.strip(): lacking
        for word, parts in lines
        if (lacking := stems(parts.split(), lang) - stems(compound_parts(fold(word.strip()), lang), lang))
    }
    assert len(missed) <= (1 - WANTED_SHARE) * len(lines), missed


@pytest.mark.parametrize("lang", WHOLE)
def test_other_words_have_no_parts(lang: str) -> None:
    words = WHOLE[lang].split()
    split = {word: parts for word in words if (parts := compound_parts(fold(word), lang))}
    assert len(split) <= SPLIT_SHARE * len(words), split


@pytest.mark.parametrize(
    ("word", "lang", "parts"),
    [
        ("halbleitererzeugnisse", "german", {"halbleiter", "leiter", "erzeugnisse"}),
        ("klimaschutzgesetz", "german", {"klima", "klimaschutz", "schutz", "schutzgesetz", "gesetz"}),
        ("druckerzeugnis", "german", {"druck", "erzeugnis", "drucker", "zeugnis"}),
        ("klimatlag", "swedish", {"klimat", "lag"}),
        ("grunnlov", "norwegian", {"grunn", "lov"}),
        ("deutschland", "german", set()),
        ("frankreich", "german", set()),
        ("niedersachsen", "german", set()),
        ("klimaschutzgesetz", "english", set()),
        ("klimaschutzgesetz", "simple", set()),
        ("gesetz", "german", set()),
        ("com2023160", "german", set()),
        ("", "german", set()),
    ],
)
def test_parts_are_those_of_the_language(word: str, lang: str, parts: set[str]) -> None:
    assert set(compound_parts(word, lang)) == parts


@given(st.sampled_from(sorted(GRAMMARS)), st.text(st.characters(codec="utf-8", categories=["Ll", "Lo", "Nd"])))
@settings(max_examples=50)
def test_any_word_has_few_parts_that_are_words(lang: str, word: str) -> None:
    parts = compound_parts(word, lang)
    assert len(parts) == len(set(parts)) <= MOST_PARTS
    assert word not in parts
    assert all(len(part) >= 3 for part in parts)


def test_a_word_that_repeats_a_part_has_few_parts() -> None:
    assert {"klima", "schutz"} < set(compound_parts("klimaschutz" * 3, "german"))
    assert compound_parts("schutz" * 6, "german") == ()
    assert compound_parts("schutz" * 1_000, "german") == ()


def test_a_file_has_sorted_checksums() -> None:
    words = CompoundWords([1, checksum("klima")], [], [checksum("schutz")], [2**32 - 1])
    data = words.to_bytes()
    assert [list(part) for part in CompoundWords.from_bytes(data)] == [list(part) for part in words]
    assert len(data) == 4 * (4 + 4)


@pytest.mark.parametrize("lang", GRAMMARS)
def test_the_words_of_each_language_are_in_order(lang: str) -> None:
    words = CompoundWords.from_bytes((FOLDER / f"{lang}.bin").read_bytes())
    assert all(list(part) == sorted(part) for part in words)
    assert len(words.modifiers) > 50_000
    assert len(words.heads) > 50_000
