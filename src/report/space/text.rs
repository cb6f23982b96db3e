//! The option-space calculator in words: a table of all ADD_ADDRs, or one header drawn octet by octet.

use std::io::{self, Write};

use super::name;
use crate::analyze::add_addr_what_if::{Header, Outcome, Practice, practices};
use crate::wire::option_space::{
    AddAddrForm, Block, Demand, DssForm, Fit, MAX_OPTIONS, Placed, Width, layout,
};

/// Writes one header: its ledger, whether that fits, and what hosts do about its ADD_ADDR.
pub fn write_header(header: &Header, out: &mut dyn Write) -> io::Result<()> {
    let placed = layout(&header.blocks());
    let demand = header.demand();
    writeln!(out, " bytes  padded")?;
    for (index, one) in placed.iter().enumerate() {
        let padded = one.before + one.block.octets() + one.after;
        let letter = letter(index);
        writeln!(out, "{:6}  {padded:6}  {letter}  {}", one.block.octets(), describe(one.block))?;
    }
    writeln!(out, "{:6}  {:6}     in all, of {MAX_OPTIONS}\n", demand.octets, demand.padded)?;
    draw(&placed, out)?;
    writeln!(out, "\n{}", decision(demand))?;
    let practices = practices(header);
    if !practices.is_empty() {
        writeln!(out)?;
    }
    for practice in practices {
        write_practice(&practice, out)?;
    }
    Ok(())
}

/// Forty cells a line: a letter for each octet of an option, a point for a NOP.
fn draw(placed: &[Placed], out: &mut dyn Write) -> io::Result<()> {
    let cells: String = placed.iter().enumerate().map(|(index, one)| cells(index, *one)).collect();
    writeln!(out, "        1        10        20        30        40")?;
    let cells: Vec<char> = cells.chars().collect();
    for (line, row) in cells.chunks(usize::from(MAX_OPTIONS)).enumerate() {
        let row: String = row.iter().collect();
        if line == 0 {
            writeln!(out, "       |{row:40}|")?;
        } else {
            writeln!(out, "        {row}  too many")?;
        }
    }
    Ok(())
}

fn cells(index: usize, one: Placed) -> String {
    let nops = |count: u8| ".".repeat(usize::from(count));
    let letters = letter(index).to_string().repeat(usize::from(one.block.octets()));
    nops(one.before) + &letters + &nops(one.after)
}

fn letter(index: usize) -> char {
    let letter = u8::try_from(index).ok().and_then(|index| b'A'.checked_add(index));
    letter.map_or('?', char::from)
}

fn decision(demand: Demand) -> String {
    let over = |octets: u8| octets.saturating_sub(MAX_OPTIONS);
    match demand.fit() {
        Fit::Fits => match (demand.left(), demand.sack_blocks_left()) {
            (0, _) => "Fits exactly.".into(),
            (left, 0) => format!("Fits: {left} bytes left, too few for a SACK block."),
            (left, 1) => format!("Fits: {left} bytes left, room for 1 SACK block."),
            (left, blocks) => format!("Fits: {left} bytes left, room for {blocks} SACK blocks."),
        },
        Fit::OnlyUnpadded => format!(
            "Does not fit: {} bytes too many. It would fit without the NOPs that Linux adds.",
            over(demand.padded),
        ),
        Fit::TooLong => format!(
            "Does not fit: {} bytes too many, {} without NOPs.",
            over(demand.padded),
            over(demand.octets),
        ),
    }
}

fn write_practice(practice: &Practice, out: &mut dyn Write) -> io::Result<()> {
    let outcome = outcome(practice.outcome);
    writeln!(out, "{:5}  {:24}  {outcome}", practice.stack, practice.versions)
}

fn outcome(outcome: Outcome) -> String {
    let sack = |blocks: u8| match blocks {
        0 => String::new(),
        1 => ", with 1 SACK block".into(),
        blocks => format!(", with {blocks} SACK blocks"),
    };
    match outcome {
        Outcome::Shared { octets, sack_blocks } => {
            format!("sent beside the DSS: {octets}{}", sack(sack_blocks))
        }
        Outcome::Alone { octets, sack_blocks } => {
            format!("sent alone, without DSS: {octets}{}", sack(sack_blocks))
        }
        Outcome::WithoutTimestamps { octets } => {
            format!("sent alone, without timestamps: {octets}")
        }
        Outcome::WithoutPort { octets } => format!("echoed without the port: {octets}"),
        Outcome::Stuck => "never sent; later addresses wait behind".into(),
        Outcome::Dropped => "dropped (AddAddrTxDrop); the next has its turn".into(),
        Outcome::Never => "announces no addresses".into(),
        Outcome::NoMptcp => "no MPTCP beside TCP-MD5 or TCP-AO".into(),
    }
}

/// Writes the table of all ADD_ADDRs beside the rest of `header`, for each of `timestamps`.
pub fn write_table(header: &Header, timestamps: &[bool], out: &mut dyn Write) -> io::Result<()> {
    let beside: Vec<_> =
        Header { timestamps: false, ..header.clone() }.blocks().into_iter().map(describe).collect();
    let beside =
        if beside.is_empty() { String::new() } else { format!(" beside {}", beside.join(", ")) };
    writeln!(out, "ADD_ADDR{beside}")?;
    writeln!(out, "Bytes of all options, of {MAX_OPTIONS}, and SACK blocks left:\n")?;
    let titles = timestamps.iter().map(|is_on| {
        format!("{:22}", if *is_on { "with timestamps" } else { "without timestamps" })
    });
    let titles = titles.collect::<Vec<_>>().concat();
    writeln!(out, "{:31}{}", "", titles.trim_end())?;
    for form in AddAddrForm::ALL {
        let row = row(header, form, timestamps);
        writeln!(out, "{}", row.trim_end())?;
    }
    writeln!(out, "\nMore on one of them: mptcpscope space --ipv6 --port")
}

fn row(header: &Header, form: AddAddrForm, timestamps: &[bool]) -> String {
    let octets = Block::AddAddr(form).octets();
    let cells = timestamps.iter().map(|is_on| {
        let demand = Header { add_addr: Some(form), timestamps: *is_on, ..header.clone() }.demand();
        let fit = match demand.fit() {
            Fit::Fits => format!("SACK {}", demand.sack_blocks_left()),
            Fit::OnlyUnpadded => format!("no ({} bare)", demand.octets),
            Fit::TooLong => "no".into(),
        };
        format!("{:2}  {fit:18}", demand.padded)
    });
    format!("{:25}{octets:2}    {}", words(form), cells.collect::<Vec<_>>().concat())
}

fn words(form: AddAddrForm) -> String {
    let family = if form.ipv6 { "IPv6" } else { "IPv4" };
    let port = if form.port { " with port" } else { "" };
    let echo = if form.hmac { "" } else { ", echo" };
    format!("{family}{port}{echo}")
}

fn describe(block: Block) -> String {
    let what = match block {
        Block::Sack { blocks: 1 } => "1 block".into(),
        Block::Sack { blocks } => format!("{blocks} blocks"),
        Block::FastOpen { cookie: 0 } => "asking for a cookie".into(),
        Block::FastOpen { cookie } => format!("cookie of {cookie} bytes"),
        Block::MpCapable { keys, data, checksum } => capable(keys, data, checksum).into(),
        Block::Dss(form) => dss(form),
        Block::AddAddr(form) => words(form),
        _ => String::new(),
    };
    if what.is_empty() { name(block).into() } else { format!("{} ({what})", name(block)) }
}

const fn capable(keys: u8, data: bool, checksum: bool) -> &'static str {
    match (keys, data, checksum) {
        (0, ..) => "no key",
        (1, ..) => "one key",
        (_, false, _) => "both keys",
        (_, true, false) => "both keys, data",
        (_, true, true) => "both keys, data, checksum",
    }
}

fn dss(form: DssForm) -> String {
    let bits = |width| match width {
        Width::Short => 32,
        Width::Long => 64,
    };
    let ack = form.data_ack.map(|width| format!("{}-bit DATA_ACK", bits(width)));
    let mapping = form.mapping.map(|width| format!("{}-bit mapping", bits(width)));
    let checksum = form.checksum.then(|| "checksum".to_owned());
    [mapping, ack, checksum].into_iter().flatten().collect::<Vec<_>>().join(", ")
}
