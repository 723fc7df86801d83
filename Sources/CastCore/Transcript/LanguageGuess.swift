/// Says in which language a text is written, for engines that recognise many and name none.
///
/// It knows the 25 languages of Parakeet TDT 0.6B v3. Each word that is among the most frequent ones of a language counts
/// for it, the more the fewer languages share it; letters and endings that few languages have count too. It is pure, and
/// rather says nothing than something wrong.
package enum LanguageGuess {
    /// ISO 639-1 code; nil when the text is too short, mixed, or in none of the languages.
    package static func language(of text: String) -> String? {
        var scores = [Double](repeating: 0, count: LanguageProfile.all.count)
        var words = 0
        for part in text.prefix(self.longest).lowercased().split(whereSeparator: {
            !$0.isLetter && $0 != "'" && $0 != "’"
        }) {
            let word = part.replacing("’", with: "'")
            words += 1
            self.count(Substring(word), in: &scores)
        }
        guard words >= self.fewestWords else { return nil }
        let ranked = scores.indices.sorted { scores[$0] > scores[$1] }
        let (first, second) = (scores[ranked[0]], scores[ranked[1]])
        // Speech in a language has such a word in every third place; names and foreign text have hardly any.
        guard first >= Double(words) * self.density, first >= self.least, first >= second * self.lead else {
            return nil
        }
        return LanguageProfile.all[ranked[0]].code
    }

    /// The language of a transcript's text.
    package static func language(of transcript: Transcript) -> String? {
        var text = ""
        for sentence in transcript.sentences {
            text += sentence.text + " "
            if text.utf8.count > self.longest * 4 { break }
        }
        return self.language(of: text)
    }

    /// Characters that are looked at.
    private static let longest = 20_000
    private static let fewestWords = 4
    private static let density = 0.12
    private static let least = 1.0
    private static let lead = 1.25

    private static func count(_ word: Substring, in scores: inout [Double]) {
        if let owners = LanguageProfile.ofWord[String(word)] {
            for owner in owners { scores[owner] += 1 / Double(owners.count) }
        }
        for (letters, owners) in LanguageProfile.ofLetters where word.contains(letters) {
            for owner in owners { scores[owner] += 0.3 / Double(owners.count) }
        }
        for (ending, owners) in LanguageProfile.ofEnding where word.count > ending.count + 1 && word.hasSuffix(ending) {
            for owner in owners { scores[owner] += 0.3 / Double(owners.count) }
        }
    }
}

/// What tells a language from the others.
struct LanguageProfile {
    var code: String
    /// Its most frequent words.
    var words: String
    /// Letters, alone or in a row, that few others have.
    var letters: String
    var endings: String

    static let ofWord = Self.index(\.words)
    static let ofLetters = Self.index(\.letters).sorted { $0.key < $1.key }
    static let ofEnding = Self.index(\.endings).sorted { $0.key < $1.key }

    private static func index(_ path: KeyPath<LanguageProfile, String>) -> [String: [Int]] {
        var index: [String: [Int]] = [:]
        for (place, profile) in self.all.enumerated() {
            for word in Set(profile[keyPath: path].split(separator: " ")) {
                index[String(word), default: []].append(place)
            }
        }
        return index
    }

    static let all: [LanguageProfile] = [
        .init(
            code: "bg",
            words:
                "и да не на се за от в с по е са като това че той тя но ще си го ми ни ви му или който която които ако "
                + "когато защото има няма беше бяха съм сме сте много само още вече къде какво как този тази тези до при през",
            letters: "ъ щ", endings: "ата ето ите ият ват"),
        .init(
            code: "hr",
            words:
                "i je u na se da za ne su od s kao to što ali bi sam smo ste ili iz koji koja koje kako samo već još biti "
                + "bio bila ima nema nije nisu jer kada gdje po do o ako ovo ova taj ta sve svi vrlo može treba molim gdje "
                + "danas sada ovdje onda nego prije zašto tko što ću će ćemo ljudi godine kod između također mogu",
            letters: "ije đ ć", endings: "ovi ama ima iti ski"),
        .init(
            code: "cs",
            words:
                "a je se na v že to s z o do i pro za by ale jsem jsme jsou jak jako který která které když nebo už jen "
                + "bylo byl byla být má co tak po při od u tím toto tento jeho není kde ještě také velmi může si ve ze "
                + "dnes proč lidé lidí budeme před teď více aby protože však roku mezi právě rok tady něco",
            letters: "ř ě ů", endings: "ých ého ení ání ují"),
        .init(
            code: "da",
            words:
                "og i det at en den til er som på de med han af for ikke der var jeg mig et har om vi min havde hun fra "
                + "du os men eller kan skal vil så hvad når nu ud op også meget bliver blev være hvor noget denne",
            letters: "æ ø", endings: "hed lige erne"),
        .init(
            code: "nl",
            words:
                "de het een en van in is dat op te zijn met voor niet die aan er om maar ook als bij dan nog naar heeft ik "
                + "je hij ze we wat was worden uit door over kan zou moet geen deze dit hoe waar hebben wordt veel",
            letters: "ij aa oo uu", endings: "lijk heid tje"),
        .init(
            code: "en",
            words:
                "the of and to a in is that it was for on are with as i his they be at one have this from or had by not "
                + "but what all were we when your can there you an which their said if will each about how them then she "
                + "would my please has our now been who its",
            letters: "th wh gh", endings: "ing tion ly ed"),
        .init(
            code: "et",
            words:
                "ja on ei et see ta oli kui ka ma mis aga ning või siis oma nii kes veel juba kas seda selle mida ole "
                + "tema meie teie nad olen olid välja üle pärast väga ainult kuid sest siin seal kõik peab saab "
                + "täna miks kuidas inimesed rohkem nüüd enne kui aasta nagu mitte midagi teha läbi",
            letters: "õ öö ää üü", endings: "ud ust use sse tud"),
        .init(
            code: "fi",
            words:
                "ja on ei että se oli hän mutta kun niin kuin joka ole myös minä sinä he me te ovat tämä sen mitä jos vain "
                + "nyt sitten vielä olla tai siitä hyvin kaikki jotka mikä missä koska ennen mukaan kanssa voi pitää",
            letters: "yö ää uo", endings: "ssa ssä lla llä sta stä nen"),
        .init(
            code: "fr",
            words:
                "le la les de des du un une et est en que qui dans pour pas sur au aux avec ce cette il elle nous vous "
                + "ils je ne se son sa ses plus par mais ou où été être avoir sont a à comme tout fait c'est qu'il votre "
                + "veuillez si même bien leur",
            letters: "ê œ oi eau", endings: "tion ment eux aient"),
        .init(
            code: "de",
            words:
                "der die das und ist in zu den nicht von sie ich mit sich auf für ein eine dem des im es auch als an er "
                + "so dass kann wird hat wie bei noch nur nach aus um am aber wenn oder war haben sind wir ihr bitte einen "
                + "einer werden über mehr zum zur",
            letters: "ß sch", endings: "ung keit lich en"),
        .init(
            code: "el",
            words:
                "και το η ο να του της με για τα είναι που στο τη την των από θα δεν οι τον στη στην σε ένα μια αυτό αλλά "
                + "ή όταν πως έχει ήταν μας σας τους όπως αν μπορεί",
            letters: "α ε η ο", endings: "ος ου ων"),
        .init(
            code: "hu",
            words:
                "a az és hogy nem is egy ez van meg de volt csak ki el mint már még ha minden azt ezt vagy én te mi ők "
                + "lehet nagyon kell így úgy akkor után között szerint ami aki ahol mert majd lesz sem be fel itt ott",
            letters: "ő ű gy sz", endings: "ban ben nak nek ság ség"),
        .init(
            code: "it",
            words:
                "il la di che e è un una in per non sono con si da le i del della ma come lo gli al alla più anche se nel "
                + "nella dei questo questa ha io tu lui lei noi voi loro ho hai essere stato quando perché cosa prego dal",
            letters: "gli zz", endings: "zione mente ità ato"),
        .init(
            code: "lv",
            words:
                "un ir ar uz no par ka kas es tas tā bet kā arī vai pie to viņš viņa mēs jūs nav bija tikai vēl jau lai "
                + "ja pēc pirms ļoti gan šis šī kur ko var tad savu būs esmu ne viss",
            letters: "ģ ķ ļ ņ ā ē ī", endings: "šana ība ēja iem"),
        .init(
            code: "lt",
            words:
                "ir yra kad į iš su o ne tai jis ji bet kaip ar per apie už nuo po prie buvo tik jau dar tas šis mes jūs "
                + "jie savo labai bus gali kai kur arba nėra ką kas aš tu taip pat",
            letters: "ė ų į ą", endings: "imas umas iai as us"),
        .init(
            code: "mt",
            words:
                "u li ta il fil ma għal minn ta' fuq dan din kien hija huwa jew biex mill dawn kull kif meta iżda aktar "
                + "wara qabel hemm ukoll mhux jien int aħna huma tal lill b' f' x' kollha jista' se sa tat",
            letters: "ħ ġ ż għ", endings: "ijiet jiet ajt"),
        .init(
            code: "pl",
            words:
                "i w na z do się nie to jest że o jak za od po ale co tak czy już tym ten ta są był była było być oraz lub "
                + "dla przez przed tylko jego jej ich może gdy kiedy gdzie który która które mnie proszę bardzo jeszcze",
            letters: "ł ą ę sz cz rz", endings: "ość ów ego anie"),
        .init(
            code: "pt",
            words:
                "o a de que e do da em um para com não uma os no se na por mais as dos como mas ao ele das à seu sua ou "
                + "quando muito já eu também só pelo pela até isso ela entre era depois sem mesmo aos são você está foi tem "
                + "nós meu as hoje sobre porque pessoas muito fazer aqui então vai ainda agora coisa tudo",
            letters: "ã õ nh lh", endings: "ção ções mente"),
        .init(
            code: "ro",
            words:
                "și în de la cu a nu că pe o este un să din care se mai ce pentru au al ale sau dar are fost sunt am lui ei "
                + "el ea noi voi cum când unde foarte doar acest această după fi dacă până fără prin",
            letters: "ă ș ț î ş ţ", endings: "ului elor ilor ești"),
        .init(
            code: "sk",
            words:
                "a je sa na v že to s z o do aj pre za by ale som sme sú ako ktorý ktorá ktoré keď alebo už len bolo bol "
                + "bola byť má čo tak po pri od u tým toto tento jeho nie kde ešte tiež veľmi môže si vo zo čas "
                + "dnes prečo ľudia ľudí budeme ako pred teraz viac keby sa preto však roku medzi práve rok",
            letters: "ľ ĺ ŕ ô ie", endings: "ých ého enie anie ujú"),
        .init(
            code: "sl",
            words:
                "in je v na se da za ne so z s pa tudi ki kot bi po od iz pri kako ali ko samo že še bil bila bilo biti "
                + "sem smo ste ni niso ker kje kaj to ta te zelo lahko ima nima treba mora do o tega "
                + "danes zakaj ljudje bomo bo prej zdaj vendar več kakšen saj pred leta leto med lahko",
            letters: "č š", endings: "anje enje ega ih"),
        .init(
            code: "es",
            words:
                "de la que el en y a los se del las un por con no una su para es al lo como más pero sus le ya o este sí "
                + "porque esta entre cuando muy sin sobre también me hasta hay donde quien desde todo nos durante todos uno "
                + "está usted son fue ha",
            letters: "ñ ción", endings: "ción mente ado ando"),
        .init(
            code: "sv",
            words:
                "och i att det som en på är av för med till den har de inte om ett han men var jag sig från vi så kan när "
                + "nu hon eller du ska skulle under också efter mycket bara blir vad här där mot ut upp sin utan vara",
            letters: "ä ö å", endings: "ning het arna erna ade"),
        .init(
            code: "ru",
            words:
                "и в не на я что он с как это по но из у за от то так же вы его к было был она они мы для все ещё уже или "
                + "если когда где бы только мне меня нет быть очень до её ему есть при чтобы этот",
            letters: "ы э ё", endings: "ого ться ния ать"),
        .init(
            code: "uk",
            words:
                "і в не на я що він з як це по але із у за від то так же ви його до було був вона вони ми для все ще вже "
                + "або якщо коли де б тільки мені мене немає бути дуже її йому є при щоб цей та й про",
            letters: "і ї є ґ", endings: "ого ння ться ати"),
    ]
}
