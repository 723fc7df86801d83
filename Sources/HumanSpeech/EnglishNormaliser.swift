/// Brings English text to one form, so that only words that were heard differently count as errors.
///
/// Case, punctuation, hyphens and fillers go; numbers, contractions and common spelling variants become one form.
/// Both texts of a comparison go through it.
package enum EnglishNormaliser {
    /// The words of the text in their common form.
    package static func words(of text: String) -> [String] {
        let words = self.tokens(of: text).flatMap(self.expand).filter { !Self.fillers.contains($0) }
        return self.joined(words).map { Self.variants[$0] ?? $0 }
    }

    /// Runs of letters, digits and apostrophes, in lower case; signs that are read out become words.
    private static func tokens(of text: String) -> [String] {
        let characters = Array(text.lowercased())
        var tokens: [String] = []
        var current = ""
        for (index, character) in characters.enumerated() {
            let next = index + 1 < characters.count ? characters[index + 1] : " "
            if character.isLetter || self.isDigit(character) {
                current.append(character)
            } else if "'’‘".contains(character), !current.isEmpty, next.isLetter {
                current.append("'")
            } else if character == ",", current.last.map(self.isDigit) == true, self.isDigit(next) {
                continue  // 1,000
            } else if character == ".", current.last.map(self.isDigit) == true, self.isDigit(next) {
                current.append(".")
            } else {
                tokens.append(current)
                current = ""
                if let word = Self.signs[character] { tokens.append(word) }
            }
        }
        tokens.append(current)
        return tokens.filter { !$0.isEmpty }
    }

    /// One token as the words that are said.
    private static func expand(_ token: String) -> [String] {
        if token.contains(where: self.isDigit) { return EnglishNumbers.words(of: token) }
        if let words = Self.contractions[token] { return words }
        for (ending, word) in Self.endings where token.hasSuffix(ending) && token.count > ending.count {
            return [String(token.dropLast(ending.count)), word]
        }
        return [token.filter { $0 != "'" }]
    }

    /// Puts together what is written as one word or as two.
    private static func joined(_ words: [String]) -> [String] {
        var result: [String] = []
        for word in words {
            if let last = result.last, Self.compounds.contains(last + word) || Self.prefixes.contains(last) {
                result[result.count - 1] = last + word
            } else {
                result.append(word)
            }
        }
        return result
    }

    private static func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) }

    private static let fillers: Set<String> = ["uh", "um", "uhm", "hmm", "mm", "mhm", "er", "erm"]

    private static let signs: [Character: String] = ["%": "percent", "&": "and", "+": "plus", "@": "at", "=": "equals"]

    private static let contractions: [String: [String]] = [
        "won't": ["will", "not"], "can't": ["can", "not"], "cannot": ["can", "not"], "shan't": ["shall", "not"],
        "ain't": ["is", "not"], "let's": ["let", "us"], "it's": ["it", "is"], "that's": ["that", "is"],
        "he's": ["he", "is"], "she's": ["she", "is"], "there's": ["there", "is"], "here's": ["here", "is"],
        "what's": ["what", "is"], "who's": ["who", "is"], "where's": ["where", "is"], "how's": ["how", "is"],
        "gonna": ["going", "to"], "wanna": ["want", "to"], "gotta": ["got", "to"], "y'all": ["you", "all"],
    ]

    private static let endings: [(String, String)] = [
        ("n't", "not"), ("'m", "am"), ("'re", "are"), ("'ve", "have"), ("'ll", "will"), ("'d", "would"),
    ]

    /// Written as one word, with a hyphen, or as two.
    private static let compounds: Set<String> = [
        "voicemail", "mailbox", "keypad", "touchtone", "login", "logon", "logoff", "email", "online", "website",
        "blacklist", "blacklisted", "playback", "handset", "username", "filename", "anytime", "everyone", "someone",
        "anyone", "percent", "webpage", "callback", "homepage", "healthcare", "podcast", "allright",
    ]

    /// Never words of their own: `re-enter` is `reenter`.
    private static let prefixes: Set<String> = ["re", "un"]

    private static let variants: [String: String] = [
        "ok": "okay", "alright": "allright", "cancelled": "canceled", "cancelling": "canceling", "colour": "color",
        "favourite": "favorite", "favour": "favor", "honour": "honor", "behaviour": "behavior", "labour": "labor",
        "neighbour": "neighbor", "centre": "center", "theatre": "theater", "metre": "meter", "grey": "gray",
        "dialled": "dialed", "dialling": "dialing", "travelled": "traveled", "travelling": "traveling",
        "catalogue": "catalog", "dialogue": "dialog", "programme": "program", "cheque": "check", "tyre": "tire",
        "licence": "license", "defence": "defense", "organise": "organize", "organised": "organized",
        "organisation": "organization", "recognise": "recognize", "recognised": "recognized", "realise": "realize",
        "realised": "realized", "analyse": "analyze", "apologise": "apologize", "mr": "mister", "mrs": "missus",
        "dr": "doctor", "st": "saint",
    ]
}
