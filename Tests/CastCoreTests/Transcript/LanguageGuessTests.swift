import CastCore
import Testing

struct LanguageGuessTests {
    @Test(arguments: [
        ("bg", "Днес ще говорим за това как се променя градът и защо хората искат да живеят по-близо до природата."),
        (
            "hr",
            "Danas ćemo razgovarati o tome kako se grad mijenja i zašto ljudi žele živjeti bliže prirodi nego prije."
        ),
        ("cs", "Dnes budeme mluvit o tom, jak se město mění a proč lidé chtějí žít blíž k přírodě než dříve."),
        ("da", "I dag skal vi tale om, hvordan byen forandrer sig, og hvorfor folk gerne vil bo tættere på naturen."),
        ("nl", "Vandaag praten we over hoe de stad verandert en waarom mensen dichter bij de natuur willen wonen."),
        ("en", "Today we talk about how the city is changing and why people want to live closer to nature."),
        ("et", "Täna räägime sellest, kuidas linn muutub ja miks inimesed tahavad elada loodusele lähemal kui varem."),
        ("fi", "Tänään puhumme siitä, miten kaupunki muuttuu ja miksi ihmiset haluavat asua lähempänä luontoa."),
        (
            "fr",
            "Aujourd'hui nous parlons de la façon dont la ville change et pourquoi les gens veulent vivre plus près."
        ),
        (
            "de",
            "Heute sprechen wir darüber, wie sich die Stadt verändert und warum die Menschen näher an der Natur leben."
        ),
        ("el", "Σήμερα μιλάμε για το πώς αλλάζει η πόλη και γιατί οι άνθρωποι θέλουν να ζουν πιο κοντά στη φύση."),
        (
            "hu",
            "Ma arról beszélünk, hogyan változik a város, és miért akarnak az emberek közelebb élni a természethez."
        ),
        ("it", "Oggi parliamo di come cambia la città e del perché le persone vogliono vivere più vicino alla natura."),
        ("lv", "Šodien mēs runājam par to, kā mainās pilsēta un kāpēc cilvēki grib dzīvot tuvāk dabai nekā agrāk."),
        (
            "lt",
            "Šiandien kalbame apie tai, kaip keičiasi miestas ir kodėl žmonės nori gyventi arčiau gamtos nei anksčiau."
        ),
        ("mt", "Illum qed nitkellmu dwar kif il-belt qed tinbidel u għaliex in-nies iridu jgħixu eqreb tan-natura."),
        (
            "pl",
            "Dzisiaj mówimy o tym, jak zmienia się miasto i dlaczego ludzie chcą mieszkać bliżej natury niż kiedyś."
        ),
        (
            "pt",
            "Hoje falamos sobre como a cidade está mudando e por que as pessoas querem viver mais perto da natureza."
        ),
        ("ro", "Astăzi vorbim despre cum se schimbă orașul și de ce oamenii vor să trăiască mai aproape de natură."),
        ("sk", "Dnes budeme hovoriť o tom, ako sa mesto mení a prečo ľudia chcú žiť bližšie k prírode než predtým."),
        (
            "sl",
            "Danes bomo govorili o tem, kako se mesto spreminja in zakaj ljudje želijo živeti bližje naravi kot prej."
        ),
        ("es", "Hoy hablamos de cómo cambia la ciudad y por qué la gente quiere vivir más cerca de la naturaleza."),
        ("sv", "I dag ska vi prata om hur staden förändras och varför människor vill bo närmare naturen än förut."),
        ("ru", "Сегодня мы говорим о том, как меняется город и почему люди хотят жить ближе к природе, чем раньше."),
        (
            "uk",
            "Сьогодні ми говоримо про те, як змінюється місто і чому люди хочуть жити ближче до природи, ніж раніше."
        ),
    ])
    func `a sentence is enough for each of the 25 languages`(language: String, text: String) {
        #expect(LanguageGuess.language(of: text) == language)
    }

    @Test(arguments: [
        "", "Okay.", "Mmm. Ah. Oh. Hm hm hm.", "12 34 56 78 90", "今日は晴れです。明日は雨でしょう。",
        "xkcd qwrt zzz blorp fnord gnusto",
        "Anna Müller Peter Schmidt Max Maria Thomas", "हम आज शहर के बारे में बात करते हैं और लोग",
    ])
    func `what is too little, or in none of them, is not guessed`(text: String) {
        #expect(LanguageGuess.language(of: text) == nil)
    }

    @Test func `the last word of a long text makes no difference, and the same text always gives the same`() {
        let text = String(repeating: "That is how the city was when we came. ", count: 2000) + "Und das ist alles."
        #expect(LanguageGuess.language(of: text) == "en")
        #expect(Set((0..<5).map { _ in LanguageGuess.language(of: text) }) == ["en"])
    }
}
