import CastCore
import Foundation

/// What kind of audio a file is, from its first bytes, its media type and its name, in this order of trust.
package enum AudioFormat: String, Sendable, CaseIterable {
    case mp3, m4a, mp4, aac, ogg, opus, flac, wav, webm, aiff, wma, amr

    package var fileExtension: String { self.rawValue }

    /// From the first bytes; nil for none that is known.
    package init?(magic bytes: some Collection<UInt8>) {
        let bytes = Array(bytes.prefix(64))
        let has = { (text: String, offset: Int) in bytes.dropFirst(offset).starts(with: text.utf8) }
        if has("ID3", 0) {
            self = .mp3
        } else if has("OggS", 0) {
            self = has("OpusHead", 28) ? .opus : .ogg
        } else if has("fLaC", 0) {
            self = .flac
        } else if has("RIFF", 0), has("WAVE", 8) {
            self = .wav
        } else if has("FORM", 0), has("AIF", 8) {
            self = .aiff
        } else if has("#!AMR", 0) {
            self = .amr
        } else if has("ftyp", 4) {
            self = has("M4A", 8) || has("M4B", 8) ? .m4a : .mp4
        } else if bytes.starts(with: [0x1A, 0x45, 0xDF, 0xA3]) {
            self = .webm
        } else if bytes.starts(with: [0x30, 0x26, 0xB2, 0x75]) {
            self = .wma
        } else if bytes.count >= 2, bytes[0] == 0xFF, bytes[1] & 0xF6 == 0xF0 {
            self = .aac
        } else if bytes.count >= 3, bytes[0] == 0xFF, bytes[1] & 0xE0 == 0xE0, [0x02, 0x04].contains(bytes[1] & 0x06),
            bytes[2] & 0xF0 != 0xF0
        {
            self = .mp3
        } else {
            return nil
        }
    }

    /// From a media type without parameters, in lower case.
    package init?(mediaType: String) {
        switch mediaType {
        case "audio/mpeg", "audio/mp3", "audio/x-mp3", "audio/mpeg3", "audio/x-mpeg", "audio/mpg": self = .mp3
        case "audio/mp4", "audio/x-m4a", "audio/m4a", "audio/x-m4b": self = .m4a
        case "video/mp4", "application/mp4", "video/x-m4v", "video/quicktime": self = .mp4
        case "audio/aac", "audio/aacp", "audio/x-aac": self = .aac
        case "audio/ogg", "application/ogg", "audio/vorbis": self = .ogg
        case "audio/opus": self = .opus
        case "audio/flac", "audio/x-flac": self = .flac
        case "audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave": self = .wav
        case "audio/webm", "video/webm", "audio/x-matroska": self = .webm
        case "audio/aiff", "audio/x-aiff": self = .aiff
        case "audio/x-ms-wma": self = .wma
        case "audio/amr": self = .amr
        default: return nil
        }
    }

    /// From a file name's ending.
    package init?(pathExtension: String) {
        switch pathExtension.lowercased() {
        case "m4b": self = .m4a
        case "m4v", "mov": self = .mp4
        case "oga": self = .ogg
        case "wave": self = .wav
        case "mka", "mkv": self = .webm
        case "aif": self = .aiff
        case let ending:
            guard let format = Self(rawValue: ending) else { return nil }
            self = format
        }
    }

    /// The best guess; `mp3`, which most are, where nothing is known: the decoder looks at the bytes anyway.
    package static func guess(magic: some Collection<UInt8>, mediaType: String, path: String) -> AudioFormat {
        let named = AudioFormat(pathExtension: (path as NSString).pathExtension)
        // The container is the same; only the name says that it holds no picture.
        if let found = AudioFormat(magic: magic) {
            guard found == .mp4, !mediaType.hasPrefix("video/"), named != .mp4 else { return found }
            return .m4a
        }
        return AudioFormat(mediaType: mediaType) ?? named ?? .mp3
    }

    /// Why an answer is no audio, in a sentence; nil for what is audio or may be.
    ///
    /// The bytes decide: there are servers that call an MP3 `text/plain`, and others that send an error page as
    /// `audio/mpeg`.
    package static func complaint(mediaType: String, start: some Collection<UInt8>) -> String? {
        if AudioFormat(magic: start) != nil { return nil }
        let text = String(decoding: start.prefix(512), as: UTF8.self).lowercased()
        let body = text.drop { $0.isWhitespace || $0 == "\u{FEFF}" }
        if body.hasPrefix("<!doctype html") || body.hasPrefix("<html") || mediaType.hasPrefix("text/html")
            || mediaType == "application/xhtml+xml"
        {
            return "The address answered with a web page instead of audio."
        }
        if body.hasPrefix("<?xml") || mediaType.hasSuffix("/xml") || mediaType.hasSuffix("+xml") {
            return "The address answered with XML instead of audio."
        }
        if mediaType.hasSuffix("/json") || mediaType.hasSuffix("+json") {
            return "The address answered with JSON instead of audio."
        }
        if ["text/", "image/", "application/pdf"].contains(where: mediaType.hasPrefix) {
            return "The address answered with \(mediaType.prefix(60)) instead of audio."
        }
        if body.hasPrefix("#extm3u") {
            return "The address answered with a playlist of a stream instead of audio."
        }
        // An error in plain text or JSON under audio's name: no recording begins with nothing but letters.
        let isText = start.prefix(512).allSatisfy { (0x20...0x7E).contains($0) || (0x09...0x0D).contains($0) }
        if isText, !start.isEmpty {
            return "The address answered with \(body.hasPrefix("{") ? "JSON" : "text") instead of audio."
        }
        return nil
    }
}
