import Foundation
import Podcasts
import Testing

@Suite struct FeedValueTests {
    @Test(arguments: [
        ("01:02:03", 3723.0), ("1:02:03", 3723), ("62:03", 3723), ("90:00", 5400), ("3723", 3723), ("3723.5", 3723.5),
        (" 00:42:10 ", 2530), ("1:02:03.5", 3723.5), ("1h 2m 3s", 3723), ("62 min", 3720), ("PT1H2M3S", 3723),
        ("45 Minutes", 2700), ("0:05", 5), ("2:60:00", nil), ("00:00:00", nil), ("0", nil), ("-5", nil), ("", nil),
        ("abc", nil), ("1:2:3:4", nil), ("::", nil), ("nan", nil), ("inf", nil), ("99999999999999999999", nil),
        ("99999999:00:00", nil), ("12:", nil),
    ]) func `a duration is read in its many forms`(text: String, seconds: Double?) {
        #expect(FeedDuration.seconds(text) == seconds)
    }

    @Test(arguments: [
        "Tue, 02 Jan 2024 15:04:05 +0000", "Tue, 2 Jan 2024 15:04:05 GMT", "2 Jan 2024 15:04:05 UT",
        "Tue, 02 Jan 24 15:04:05 Z", "Wed, 02 Jan 2024 15:04:05 GMT", "Tues, 02 January 2024 15:04:05 GMT",
        "Tue 02 Jan 2024 15:04:05 GMT", "Tue, 02 Jan 2024 10:04:05 EST", "Tue, 02 Jan 2024 17:04:05 +02:00",
        "Tue, 02 Jan 2024 20:34:05 +0530", "Tue, 02-Jan-2024 15:04:05 GMT", "Jan 2, 2024 3:04:05 PM",
        "January 2nd, 2024 3:04:05PM GMT", "Tue Jan  2 15:04:05 2024", "Tue, 02 Jan 2024 17:04:05 GMT+2",
        "2024-01-02T15:04:05Z", "2024-01-02T15:04:05.000Z", "2024-01-02 15:04:05", "2024-01-02T16:04:05+01:00",
        "2024/01/02 15:04:05", "Di, 02 Jan 2024 16:04:05 CET", "Tue, 02 Jan 2024 15:04:05 (GMT)",
        "\n Tue, 02 Jan 2024 15:04:05 +0000 \n",
    ]) func `a date is read in its many wrong forms`(text: String) {
        #expect(FeedDate.date(text) == Date(timeIntervalSince1970: 1_704_207_845))
    }

    @Test(arguments: [
        ("Thu, 29 Feb 2024 24:00:00 GMT", 1_709_251_200.0), ("Tue, 02 Jan 2024", 1_704_153_600),
        ("2024-01-02", 1_704_153_600),
        ("31 Dec 98 23:59 GMT", 915_148_740), ("1 Oct 2023 12:00 AM", 1_696_118_400),
    ]) func `a date's edges are right`(text: String, seconds: Double) {
        #expect(FeedDate.date(text) == Date(timeIntervalSince1970: seconds))
    }

    @Test(arguments: [
        "", "yesterday", "Mon, 31 Feb 2024 10:00:00 GMT", "0000-00-00 00:00:00", "Tue, 02 Jan 2024 25:00:00 GMT",
        "Tue, 02 Jan 2024 10:61:00 GMT", "02/01/2024", "2024-13-01", "29 Feb 2023", String(repeating: "1 ", count: 60),
    ]) func `what is no date is none`(text: String) {
        #expect(FeedDate.date(text) == nil)
    }

    @Test(arguments: [
        ("a < b &amp; c", "a < b & c"), ("<p>One</p><p>Two</p>", "One\n\nTwo"), ("x<script>alert(1)</script>y", "xy"),
        ("<ul><li>A</li><li>B</li></ul>", "• A\n• B"), ("a<!-- hidden -->b", "ab"), ("&lt;b&gt;", "<b>"),
        ("unclosed <b", "unclosed <b"), ("<script>never closed", ""), ("&#128512; &#x1F600;", "😀 😀"),
        ("  many   spaces \n\n\n\n and lines ", "many spaces\n\nand lines"),
    ]) func `HTML becomes plain text`(html: String, text: String) {
        #expect(PlainText.paragraphs(html) == text)
    }

    @Test(arguments: [
        ("127.0.0.1", false), ("127.255.0.3", false), ("10.1.2.3", false), ("172.16.0.1", false),
        ("172.31.255.1", false),
        ("192.168.1.1", false), ("169.254.169.254", false), ("100.64.0.1", false), ("100.127.255.255", false),
        ("0.0.0.0", false), ("224.0.0.1", false), ("255.255.255.255", false), ("240.0.0.1", false),
        ("198.18.0.1", false),
        ("192.0.2.1", false), ("8.8.8.8", true), ("172.15.0.1", true), ("172.32.0.1", true), ("100.63.0.1", true),
        ("100.128.0.1", true), ("192.169.0.1", true), ("1.1.1.1", true), ("223.255.255.255", true),
        ("::1", false), ("::", false), ("fe80::1", false), ("fe80::1%eth0", false), ("fec0::1", false),
        ("fc00::1", false),
        ("fd12:3456::1", false), ("ff02::1", false), ("::ffff:127.0.0.1", false), ("::ffff:10.0.0.1", false),
        ("::ffff:8.8.8.8", true), ("::10.0.0.1", false), ("64:ff9b::10.0.0.1", false), ("64:ff9b::8.8.8.8", true),
        ("64:ff9b:1::1", false), ("2002:0a00:0001::1", false), ("2002:0808:0808::1", true), ("2001::1", false),
        ("2001:db8::1", false), ("2606:4700::1111", true), ("2a00:1450::1", true), ("100::1", false),
        ("4000::1", false),
        ("", false), ("localhost", false), ("0x7f000001", false), ("127.1", false),
    ]) func `only public addresses are allowed`(address: String, isAllowed: Bool) {
        #expect((AddressPolicy.publicOnly.refusal(of: address) == nil) == isAllowed)
        #expect(AddressPolicy.anything.refusal(of: address) == nil)
    }

    @Test(
        arguments: [
            ([0x49, 0x44, 0x33, 4], "", "x", AudioFormat.mp3), ([0xFF, 0xFB, 0x90, 0], "audio/aac", "x.aac", .mp3),
            ([0xFF, 0xF1, 0x50, 0x80], "audio/mpeg", "x.mp3", .aac), ([], "audio/x-m4a", "x", .m4a),
            ([], "", "a/b.OGA", .ogg),
            ([], "application/octet-stream", "x", .mp3), (Array("OggS".utf8), "", "", .ogg),
            (Array("\0\0\0 ftypisom".utf8), "audio/mp4", "x.m4a", .m4a),
            (Array("\0\0\0 ftypisom".utf8), "video/mp4", "x", .mp4),
        ] as [([UInt8], String, String, AudioFormat)]) func `the format follows the bytes, the type and the name`(
            magic: [UInt8], type: String, path: String, format: AudioFormat
        )
    {
        #expect(AudioFormat.guess(magic: magic, mediaType: type, path: path) == format)
    }
}
