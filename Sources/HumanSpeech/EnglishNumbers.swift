/// Numbers in digits as English words.
enum EnglishNumbers {
    /// The words of a token with digits in it: `21`, `2.5`, `3rd`, `10x`.
    ///
    /// Digits that no quantity is likely to have (a leading zero, more than nine) are read one by one. Years are read
    /// as quantities: both texts of a comparison are, so it matters only where one of them has words.
    static func words(of token: String) -> [String] {
        var result: [String] = []
        var rest = Substring(token)
        while let first = rest.first {
            let isDigits = first.isWholeNumber
            let part = rest.prefix { $0.isWholeNumber == isDigits || (isDigits && $0 == ".") }
            rest = rest.dropFirst(part.count)
            guard isDigits else {
                let word = part.filter { $0.isLetter }
                if !word.isEmpty { result.append(String(word)) }
                continue
            }
            let ending = rest.prefix { $0.isLetter }
            if ["st", "nd", "rd", "th"].contains(ending), let number = Int(part), part.count <= 9 {
                result += self.ordinal(number)
                rest = rest.dropFirst(ending.count)
            } else {
                result += self.decimal(part)
            }
        }
        return result
    }

    private static func decimal(_ digits: Substring) -> [String] {
        let parts = digits.split(separator: ".")
        guard parts.count == 2 else { return parts.flatMap(self.whole) }
        return self.whole(parts[0]) + ["point"] + self.single(parts[1])
    }

    private static func whole(_ digits: Substring) -> [String] {
        let isQuantity = digits.count <= 9 && (digits.count == 1 || digits.first != "0")
        guard isQuantity, let number = Int(digits) else { return self.single(digits) }
        return self.cardinal(number)
    }

    private static func single(_ digits: Substring) -> [String] {
        digits.compactMap(\.wholeNumberValue).map { Self.small[$0] }
    }

    static func cardinal(_ number: Int) -> [String] {
        if number < 20 { return [Self.small[number]] }
        if number < 100 {
            return [Self.tens[number / 10]] + (number % 10 == 0 ? [] : [Self.small[number % 10]])
        }
        for (size, name) in [(1_000_000, "million"), (1000, "thousand"), (100, "hundred")] where number >= size {
            return self.cardinal(number / size) + [name] + (number % size == 0 ? [] : self.cardinal(number % size))
        }
        return []
    }

    static func ordinal(_ number: Int) -> [String] {
        var words = self.cardinal(number)
        guard let last = words.popLast() else { return [] }
        if let special = Self.ordinals[last] { return words + [special] }
        return words + [last.hasSuffix("y") ? last.dropLast() + "ieth" : last + "th"]
    }

    private static let small = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
        "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
    ]

    private static let tens = [
        "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
    ]

    private static let ordinals = [
        "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
        "twelve": "twelfth",
    ]
}
