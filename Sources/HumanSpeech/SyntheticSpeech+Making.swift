import CastCore
import Foundation

extension SyntheticSpeech {
    private static let licences = [
        "GPL-3", "LGPL-2.1", "GFDL-1.3", "GPL-2", "MPL-2.0", "Apache-2.0", "MPL-1.1", "GPL-1", "Artistic", "CC0-1.0",
    ]

    /// Has sentences read until they last so long, all of them at most (about three hours); kept in a folder.
    ///
    /// - Parameters:
    ///   - seconds: The recording ends with the sentence that makes it at least this long.
    ///   - folder: Where it is kept; a second call finds it there.
    /// - Throws: `CastError` that says which package to install.
    package static func make(seconds: Double, in folder: String) async throws -> SyntheticSpeech {
        let path = "\(folder)/slt-\(Int(seconds)).s16"
        let facts = "\(folder)/slt-\(Int(seconds)).json"
        if let data = FileManager.default.contents(atPath: facts), FileManager.default.fileExists(atPath: path),
            var known = try? JSONDecoder().decode(SyntheticSpeech.self, from: data)
        {
            known.path = path
            return known
        }
        let draft = "\(folder)/draft-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: draft, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: draft) }
        let texts = try self.sentences()
        // Spoken, a character takes about a sixteenth of a second; a little more is read than is needed.
        var wanted = 0
        var length = 0.0
        while wanted < texts.count, length < seconds * 1.4 + 10 {
            length += Double(texts[wanted].count) / 16
            wanted += 1
        }
        try await self.read(Array(texts[..<wanted]), to: draft)
        var speech = SyntheticSpeech(path: path, duration: 0, sentences: [])
        var generator = SeededGenerator(seed: 5)
        var audio = Data()
        let rate = Double(Composition.sampleRate)
        for index in 0..<wanted where Double(audio.count / 2) < seconds * rate {
            audio.append(Data(count: 2 * Int(generator.double(in: 0.25...0.9) * rate)))
            let start = Double(audio.count / 2) / rate
            // The header of a plain RIFF file has 44 bytes.
            audio.append(try Data(contentsOf: URL(filePath: "\(draft)/\(index).wav")).dropFirst(44))
            let lines = try String(contentsOfFile: "\(draft)/\(index).txt", encoding: .utf8).split(separator: "\n")
            let words = lines.compactMap { line -> Word? in
                let parts = line.split(separator: " ")
                // Festival has no times for signs and for the “'s” behind a word.
                guard parts.count == 3, parts[0].first?.isLetter == true, let first = Double(parts[1]),
                    let last = Double(parts[2])
                else { return nil }
                return Word(text: String(parts[0]), start: start + first, end: start + last)
            }
            speech.sentences.append(Sentence(text: texts[index], words: words))
        }
        audio.append(Data(count: Composition.sampleRate))
        speech.duration = Double(audio.count / 2) / rate
        try audio.write(to: URL(filePath: path), options: .atomic)
        try JSONEncoder().encode(speech).write(to: URL(filePath: facts), options: .atomic)
        return speech
    }

    /// The same speech with something behind it.
    package func over(_ bed: SoundBed) async throws -> SyntheticSpeech {
        var mixed = self
        mixed.path = try await bed.mixed(with: self.path)
        return mixed
    }

    /// Writes it as a WAV file.
    package func write(to path: String) async throws {
        try await Tool.run(
            "ffmpeg",
            ["-v", "error", "-nostdin", "-y", "-f", "s16le", "-ar", "16000", "-ac", "1", "-i", self.path, path])
    }

    /// Sentences of plain words, in the order of the licences.
    private static func sentences() throws -> [String] {
        try self.licences.flatMap { name in
            let path = "/usr/share/common-licenses/\(name)"
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                throw CastError(.unavailable, "\(path) is missing: Debian's package base-files has it.")
            }
            return self.sentences(of: text)
        }
    }

    /// The sentences of a text that a voice can read: four to sixty words, letters and simple signs.
    static func sentences(of text: String) -> [String] {
        text.split(separator: "\n\n").flatMap { paragraph in
            let line = paragraph.filter { !"\"()[]<>`*".contains($0) }.split(whereSeparator: \.isWhitespace)
                .joined(separator: " ").replacing("--", with: ", ")
            var sentences: [String] = []
            var current = ""
            for word in line.split(separator: " ") {
                current += current.isEmpty ? String(word) : " \(word)"
                guard let last = word.last, ".;:".contains(last), word.count > 2 else { continue }
                sentences.append(current)
                current = ""
            }
            if !current.isEmpty { sentences.append(current) }
            return sentences
        }.filter { sentence in
            (4...60).contains(sentence.split(separator: " ").count)
                && sentence.allSatisfy { ($0.isLetter && $0.isASCII) || " ,.;:'-/".contains($0) }
        }
    }

    /// One run of Festival for all: `N.wav`, and `N.txt` with a word and its times a line.
    private static func read(_ sentences: [String], to folder: String) async throws {
        var script = """
            (voice_cmu_us_slt_arctic_hts)
            (define (say text wave words)
              (let ((utterance (utt.synth (eval (list 'Utterance 'Text text)))) (file (fopen words "w")))
                (utt.wave.resample utterance 16000)
                (utt.save.wave utterance wave 'riff)
                (mapcar (lambda (word)
                  (format file "%s %f %f\\n" (item.name word) (item.feat word "word_start") (item.feat word "word_end")))
                  (utt.relation.items utterance 'Word))
                (fclose file)))

            """
        for (index, sentence) in sentences.enumerated() {
            script += "(say \"\(sentence)\" \"\(folder)/\(index).wav\" \"\(folder)/\(index).txt\")\n"
        }
        let path = folder + "/read.scm"
        try Data(script.utf8).write(to: URL(filePath: path))
        do {
            try await Tool.run("festival", ["-b", path])
        } catch let error as CastError {
            throw CastError(
                .unavailable,
                "The synthetic voice is missing. Install it: apt install festival festvox-us-slt-hts", cause: error)
        }
    }
}
