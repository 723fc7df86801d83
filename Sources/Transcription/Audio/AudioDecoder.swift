import CastCore
import Foundation
import Subprocess
import SystemPackage

/// Turns any file that ffmpeg reads into a stream of 16 kHz mono samples.
struct AudioDecoder: Sendable {
    static let sampleRate = 16_000

    /// What a file holds, before any of it is decoded.
    struct Facts: Sendable, Equatable {
        /// Seconds; nil when the file does not say.
        var duration: Double?
    }

    /// Looks into a file.
    ///
    /// - Throws: `.notFound` when there is none, `.unreadableMedia` that names it when there is no sound to be had from
    ///   it, `.unavailable` when ffmpeg is not installed.
    func probe(_ path: String) async throws -> Facts {
        let name = (path as NSString).lastPathComponent
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else {
            throw CastError(.notFound, "There is no file \(path).")
        }
        let arguments = ["-v", "error", "-show_entries", "format=duration:stream=codec_type", "-of", "json"]
        let result = try await Self.withProgram("ffprobe") {
            try await Subprocess.run(
                .name("ffprobe"), arguments: Arguments(Self.fileOnly + arguments + ["-i", Self.address(of: path)]),
                output: .string(limit: 1 << 20), error: .string(limit: 1 << 16))
        }
        guard result.terminationStatus.isSuccess else {
            throw Self.unreadable(name, saying: result.standardError)
        }
        let answer = try? JSONDecoder().decode(ProbeAnswer.self, from: Data(result.standardOutput.utf8))
        guard answer?.streams?.contains(where: { $0.codec_type == "audio" }) == true else {
            throw CastError(.unreadableMedia, "\(name) has no sound in it.")
        }
        return Facts(duration: answer?.format?.duration.flatMap(Double.init))
    }

    /// Decodes a file from beginning to end.
    ///
    /// - Parameters:
    ///   - take: Gets the samples in pieces, in order; they are there until it returns.
    ///   - rest: Called after each piece; while it waits, ffmpeg waits, so memory stays bounded.
    /// - Returns: How many samples there were.
    func decode(
        _ path: String, take: (UnsafeBufferPointer<Int16>) -> Void, rest: () async throws -> Void
    ) async throws -> Int {
        let name = (path as NSString).lastPathComponent
        var platform = PlatformOptions()
        platform.processGroupID = 0
        platform.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(1))]
        let arguments =
            ["-v", "error", "-nostdin"] + Self.fileOnly
            + ["-i", Self.address(of: path), "-map", "0:a:0", "-f", "s16le", "-ac", "1", "-ar", "16000"]
            // Else it writes a few hundred bytes at a time, which costs as much as a quarter of the decoding.
            + ["-flush_packets", "0", "pipe:1"]
        let pipe = try SamplePipe()
        defer { pipe.closeReading() }
        let result = try await Self.withProgram("ffmpeg") {
            try await Subprocess.run(
                .name("ffmpeg"), arguments: Arguments(arguments), platformOptions: platform, input: .none,
                output: .fileDescriptor(pipe.writeEnd, closeAfterSpawningProcess: true),
                error: .string(limit: 1 << 16)
            ) { _ in
                var count = 0
                try await pipe.readAll { samples in
                    count += samples.count
                    take(samples)
                    try await rest()
                }
                return count
            }
        }
        try Task.checkCancellation()
        guard result.terminationStatus.isSuccess else {
            // What is missing is said better by who looks into the file: that it is none, or that there is no sound in it.
            _ = try await self.probe(path)
            throw Self.unreadable(name, saying: result.standardError)
        }
        guard result.closureResult > 0 else {
            throw CastError(.unreadableMedia, "\(name) holds no sound that can be decoded.")
        }
        return result.closureResult
    }

    /// A file is sound and nothing else: no option, no `http:`, no `concat:`; and no playlist either, whose lines name
    /// other files of this machine.
    private static let fileOnly = [
        "-protocol_whitelist", "file,pipe", "-format_whitelist", Self.containers.joined(separator: ","),
    ]

    /// What podcasts, recorders and phones write, by ffmpeg's names.
    private static let containers = [
        "aac", "ac3", "aiff", "amr", "ape", "asf", "au", "avi", "caf", "dsf", "dts", "eac3", "flac", "flv", "gsm",
        "loas",
        "matroska", "mov", "mp3", "mpc", "mpc8", "mpeg", "mpegts", "mxf", "nut", "ogg", "rm", "tak", "tta", "voc",
        "w64", "wav", "webm", "wv",
    ]

    private static func address(of path: String) -> String { "file:" + path }

    private static func unreadable(_ name: String, saying text: String) -> CastError {
        if text.contains("not on whitelist") {
            return CastError(.unreadableMedia, "\(name) is in no format of audio or video that podcasts use.")
        }
        let reason = text.split(separator: "\n").last.map(String.init) ?? "no reason was given"
        let plain = reason.replacing(#/^.*?file:.*?: /#, with: "")
        // What ffmpeg says of any bytes that are no audio.
        let isEmptyPhrase = ["Invalid argument", "Invalid data found when processing input"].contains(plain)
        return CastError(
            .unreadableMedia,
            "\(name) cannot be decoded: \(isEmptyPhrase ? "it is damaged, or no audio at all" : plain).")
    }

    private static func withProgram<Value>(_ name: String, _ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw CastError(
                .unavailable, "\(name) is not installed. Install ffmpeg (apt-get install ffmpeg) and try again.",
                cause: error)
        }
    }

    private struct ProbeAnswer: Decodable {
        struct Stream: Decodable {
            var codec_type: String?
        }
        struct Format: Decodable {
            var duration: String?
        }
        var streams: [Stream]?
        var format: Format?
    }
}
