import CastCore
import Foundation

/// ffmpeg and ffprobe: whether they are there, and whether they decode what podcasts use.
enum ProgramCheck {
    private static let mend = "Install it: apt-get install ffmpeg"
    /// Decoders by ffmpeg's names.
    static let wantedDecoders = ["aac", "flac", "mp3", "opus", "vorbis"]

    static func findings(_ world: DoctorWorld) async -> [Finding] {
        let paths = ["ffmpeg", "ffprobe"].map { ($0, world.program($0)) }
        let absent = paths.filter { $0.1 == nil }.map {
            Finding.problem(.ffmpeg, "\($0.0) is not installed, or not on the PATH.", mend: Self.mend)
        }
        guard absent.isEmpty, let ffmpeg = paths[0].1, let ffprobe = paths[1].1 else { return absent }
        do {
            return [try await Self.trial(ffmpeg: ffmpeg, ffprobe: ffprobe)]
        } catch {
            return [.failed(.ffmpeg, error, mend: Self.mend)]
        }
    }

    /// Has a second of sound looked at and decoded.
    private static func trial(ffmpeg: String, ffprobe: String) async throws -> Finding {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "cast2md-doctor-\(UUID().uuidString.lowercased())", isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let tone = folder.appendingPathComponent("tone.wav").path
        let samples = folder.appendingPathComponent("tone.raw").path
        try Self.tone.write(to: URL(fileURLWithPath: tone))
        let probe = try await ChildRun.run(
            ffprobe, ["-v", "error", "-show_entries", "stream=codec_type", "-of", "csv=p=0", tone])
        guard probe.status == 0, probe.output.contains("audio") else {
            return .problem(.ffmpeg, "ffprobe does not understand a plain sound: \(probe.complaint)", mend: Self.mend)
        }
        let decoded = try await ChildRun.run(
            ffmpeg,
            ["-v", "error", "-nostdin", "-i", tone, "-f", "s16le", "-ac", "1", "-ar", "16000", samples])
        let size = (try? FileManager.default.attributesOfItem(atPath: samples)[.size] as? NSNumber)?.intValue ?? 0
        guard decoded.status == 0, abs(size - 32_000) < 100 else {
            return .problem(.ffmpeg, "ffmpeg does not decode a plain sound: \(decoded.complaint)", mend: Self.mend)
        }
        let decoders = try await ChildRun.run(ffmpeg, ["-v", "error", "-decoders"])
        return Self.finding(decoders: decoders.output)
    }

    /// - Parameter text: What `ffmpeg -decoders` prints: flags, name, description a line.
    static func finding(decoders text: String) -> Finding {
        let names = Set(
            text.split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ", maxSplits: 2)
                return words.count > 1 && words[0].hasPrefix("A") ? String(words[1]) : nil
            })
        // Some builds have a name with an ending for the same thing: mp3float.
        let absent = Self.wantedDecoders.filter { wanted in
            !names.contains(wanted) && !names.contains("\(wanted)float") && !names.contains("lib\(wanted)")
        }
        guard absent.isEmpty else {
            return .problem(
                .ffmpeg, "This ffmpeg cannot decode \(absent.joined(separator: ", ")).",
                mend: "Install the distribution's whole build: apt-get install ffmpeg")
        }
        return .ok(.ffmpeg, "ffmpeg and ffprobe are there and decode what podcasts use.")
    }

    /// A second of a tone of 440 Hz: 16 bits, 16 kHz, one channel, as WAV.
    private static var tone: Data {
        let samples = (0..<16_000).map { Int16(8000 * sin(Double($0) * 2 * .pi * 440 / 16_000)) }
        var bytes = Data("RIFF".utf8)
        func add<Number: FixedWidthInteger>(_ number: Number) {
            withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
        }
        add(UInt32(36 + samples.count * 2))
        bytes.append(contentsOf: "WAVEfmt ".utf8)
        add(UInt32(16))
        add(UInt16(1))
        add(UInt16(1))
        add(UInt32(16_000))
        add(UInt32(32_000))
        add(UInt16(2))
        add(UInt16(16))
        bytes.append(contentsOf: "data".utf8)
        add(UInt32(samples.count * 2))
        for sample in samples { add(sample) }
        return bytes
    }
}
