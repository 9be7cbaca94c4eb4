"""How much is sent, repeated and asked for, and what a receiver report says."""

from appliance.media.rtp.receive_rate import MIN_BPS, ReceiveRate
from appliance.media.rtp.reception import Reception
from appliance.media.rtp.send_rate import Meter, Retransmission, SendRate


def reports(rate: SendRate, fraction: float, seconds: int, begin: float) -> float:
    for second in range(seconds):
        rate.loss(fraction, begin + second)
    return begin + seconds


def test_a_full_line_cuts_the_rate_and_a_clear_one_lets_it_grow() -> None:
    rate = SendRate(start=1_500_000)
    now = reports(rate, 0.3, 5, 0.0)
    cut = rate.bps
    assert cut < 750_000
    assert rate.video
    reports(rate, 0.0, 60, now)
    assert rate.bps > 2 * cut


def test_it_grows_slowly_where_the_line_was_full() -> None:
    rate = SendRate(start=1_000_000)
    rate.loss(0.2, 0.0)
    assert rate.bps == 900_000
    reports(rate, 0.0, 4, 1.0)
    assert rate.bps <= 900_000 + 4 * 20_000


def test_a_queue_that_fills_counts_before_anything_is_lost() -> None:
    rate = SendRate(start=1_500_000)
    rate.loss(0.0, 0.0, 0.03)
    steady = rate.bps
    rate.loss(0.0, 1.0, 0.2)
    assert rate.bps >= steady
    rate.loss(0.0, 2.0, 0.5)
    assert rate.bps < steady


def test_loss_that_is_the_lines_nature_is_borne() -> None:
    rate = SendRate(start=1_500_000)
    reports(rate, 0.05, 60, 0.0)
    assert rate.bps == 1_500_000


def test_the_far_end_may_ask_for_less_and_never_for_more_than_the_ceiling() -> None:
    rate = SendRate(start=1_500_000, ceiling=2_000_000)
    rate.limit(400_000, 0.0)
    reports(rate, 0.0, 30, 1.0)
    assert rate.bps == 400_000
    rate.limit(9_000_000, 40.0)
    reports(rate, 0.0, 200, 41.0)
    assert rate.bps == 2_000_000


def test_sound_outlives_the_picture_which_comes_back() -> None:
    rate = SendRate(start=1_500_000)
    now = reports(rate, 0.5, 20, 0.0)
    assert not rate.video
    now = reports(rate, 0.0, 5, now)
    assert not rate.video
    reports(rate, 0.0, 6, now)
    assert rate.video
    assert rate.bps < 300_000


def test_repetition_stays_below_its_share() -> None:
    lid = Retransmission()
    sent = 0
    for packet in range(10_000):
        now = packet / 1000
        sent += 1200 if lid.allows(packet & 0xFFFF, 1200, 1_600_000, now) else 0
    assert sent * 8 <= 0.25 * 1_600_000 * 11
    assert sent * 8 >= 0.25 * 1_600_000 * 9
    assert lid.refused


def test_a_packet_is_not_repeated_while_it_is_on_its_way() -> None:
    lid = Retransmission()
    assert lid.allows(5, 100, 1e6, 1.0)
    assert not lid.allows(5, 100, 1e6, 1.005)
    assert lid.allows(5, 100, 1e6, 1.1)


def test_a_meter_measures() -> None:
    meter = Meter()
    for packet in range(300):
        meter.add(1000, packet / 100)
    assert abs(meter.bps - 800_000) < 20_000


def feed(rate: ReceiveRate, seconds: float, begin: float, queue_growth: float) -> list[float]:
    """30 packets a second whose way grows longer by `queue_growth` seconds a second."""
    told = []
    for count in range(int(seconds * 30)):
        sent = begin + count / 30
        now = sent + 0.02 + queue_growth * (count / 30)
        send_time = int(sent * (1 << 18)) & 0xFFFFFF
        bps = rate.add(send_time, 1200, 7, int(now * 1000), now)
        if bps is not None:
            told.append(bps)
    return told


def test_a_still_picture_is_not_held_down() -> None:
    told = feed(ReceiveRate(2_500_000), 10, 100.0, 0.0)
    assert told[0] == 2_500_000
    assert set(told) == {2_500_000}
    assert 9 <= len(told) <= 11


def test_growing_queues_lower_what_is_asked_for_and_it_recovers() -> None:
    rate = ReceiveRate(2_500_000)
    feed(rate, 5, 100.0, 0.0)
    feed(rate, 5, 105.0, 0.3)
    low = rate.bps
    assert MIN_BPS <= low < 1_000_000
    feed(rate, 20, 115.0, 0.0)
    assert rate.bps > 2 * low


def test_without_send_times_the_ceiling_is_told() -> None:
    rate = ReceiveRate(1_000_000)
    assert rate.add(None, 1200, 7, 0, 1.0) == 1_000_000
    assert rate.add(None, 1200, 7, 10, 1.01) is None


def test_a_receiver_report_counts_loss_over_a_wrap() -> None:
    reception = Reception(90000)
    for number in range(100):
        if number not in (10, 50, 70, 71):
            reception.add((65500 + number) & 0xFFFF, number * 3000, 5.0 + number / 30)
    block = reception.block(9.0)
    assert block.packets_lost == 4
    assert block.fraction_lost == (4 << 8) // 100
    assert block.highest_sequence == 65500 + 99
    assert block.jitter < 100
    assert block.last_report == 0
    assert reception.block(10.0).fraction_lost == 0


def test_a_receiver_report_answers_the_last_sender_report() -> None:
    reception = Reception(48000)
    reception.add(1, 0, 5.0)
    reception.sender_report(0x1122334455667788, 6.0)
    block = reception.block(6.5)
    assert block.last_report == 0x33445566
    assert block.since_last_report == 32768


def test_uneven_arrival_is_jitter() -> None:
    reception = Reception(48000)
    for number in range(200):
        reception.add(number, number * 960, 5.0 + number * 0.02 + (number % 2) * 0.01)
    assert 300 < reception.block(10.0).jitter < 500
